"""Users of their own for jobs: the ids that a sandbox's user namespace maps, where this machine lets us map
more than one.

Root writes the map itself. Anyone else needs `newuidmap` and a line in /etc/subuid and /etc/subgid, as
rootless containers do. Whoever starts the sandbox is nobody in it.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

NOBODY = 65534
FEWEST, MOST = 64, 4096    # ids: the server's own, and one for each job in flight
OF_ROOT = 0x7FFE0000       # systemd's table of ids leaves those from here to 2^31 to nobody
SECONDS = 10.0


class Range(NamedTuple):
    """Ids of the machine's that stand for 1, 2, ... in the sandbox."""

    first: int
    length: int


class Granted(NamedTuple):
    users: Range
    groups: Range


def granted(needed: Iterable[tuple[Path, Path]]) -> Granted | str:
    """The ids that jobs can be given here, or why there are none.

    Args:
        needed: files that other users must be able to read, each with the folder from which it is mounted.
    """
    for top, file in needed:
        if (closed := _closed(top, file)) is not None:
            return f"other users may not read {closed} (chmod -R o+rX {top})"
    if os.getuid() == 0:
        own = Range(OF_ROOT, MOST)
        return Granted(own, own) if all(map(_has, ("uid_map", "gid_map"))) else \
            "this container has too few ids"
    if not shutil.which("newuidmap") or not shutil.which("newgidmap"):
        return "newuidmap is not installed (apt install uidmap)"
    users, groups = _of_me("/etc/subuid"), _of_me("/etc/subgid")
    if users is None or groups is None:
        return "this user has no line, or a short one, in /etc/subuid and /etc/subgid"
    return Granted(users, groups)


def _closed(top: Path, file: Path) -> Path | None:
    """What others may not read of a file below `top`, or enter on the way to it."""
    if not file.stat().st_mode & 0o004:
        return file
    return next((folder for folder in file.parents
                 if folder.is_relative_to(top) and not folder.stat().st_mode & 0o001), None)


def _has(kind: str) -> bool:
    """Does our own user namespace hold root's range?"""
    try:
        lines = [tuple(map(int, line.split())) for line in Path("/proc/self", kind).read_text().splitlines()]
    except (OSError, ValueError):
        return False
    return any(first <= OF_ROOT and first + count >= OF_ROOT + MOST for first, _, count in lines)


def _of_me(file: str) -> Range | None:
    try:
        lines = [line.split(":") for line in Path(file).read_text().splitlines()]
        found = next((int(line[1]), int(line[2])) for line in lines
                     if len(line) == 3 and line[0] in (getpass.getuser(), str(os.getuid())))
    except (OSError, ValueError, StopIteration, KeyError):
        return None
    return Range(found[0], min(found[1], MOST)) if found[1] >= FEWEST else None


def write(pid: int, ids: Granted) -> None:
    """Map them in a process's new user namespace, and who started it on nobody.

    Raises:
        OSError: the machine does not let us.
    """
    for name, own, given in ("uid", os.getuid(), ids.users), ("gid", os.getgid(), ids.groups):
        lines = [(NOBODY, own, 1), (1, *given)]
        if os.getuid() == 0:
            Path(f"/proc/{pid}/{name}_map").write_text("".join(f"{a} {b} {c}\n" for a, b, c in lines))
        else:
            _run([f"new{name}map", str(pid), *(str(number) for line in lines for number in line)])


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(str(error)) from error
    if done.returncode:
        raise OSError(done.stderr.strip() or f"{command[0]} failed")
