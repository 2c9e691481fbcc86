"""A control group (cgroup v2) for each job, where this process may make some: then Linux itself counts all
memory, page tables and socket buffers among it, and all processes.

That needs a group that is delegated to us and in which nobody else's process is, as in a container of its own
or by ``systemd-run --user --scope -p Delegate=yes grader ...``. The kernel of a job joins its group through a
descriptor that was opened here, and so needs no rights of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grader.inside.runner.proc import OWN_THREADS, descendants
from grader.wall.messages import Limits

NEEDED = frozenset({"memory", "pids"})
ROOM = 256 << 20       # bytes beyond a job's memory and files: the watch, which ends less, comes first
EMPTY_SECONDS = 5.0    # for a killed group to be empty
JOINED_BY = ("cgroup.procs", os.O_WRONLY), ("memory.events", os.O_RDONLY)
OURS = "grader-itself"


class Delegated(NamedTuple):
    """A group in which ours can be made."""

    folder: Path
    counter: Iterator[int]

    def group(self, limits: Limits) -> Group:
        """A new group, held to a job's limits.

        Raises:
            OSError: it cannot be made.
        """
        made = Group(self.folder / f"grader-{os.getpid()}-{next(self.counter)}")
        made.folder.mkdir()
        try:
            for name, value in _settings(limits).items():
                _set(made.folder / name, value)
        except OSError:
            made.remove()
            raise
        return made


class Group(NamedTuple):
    """One job's."""

    folder: Path

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[int]]:
        """Descriptors by which a process joins, and sees whether the group was out of memory."""
        with contextlib.ExitStack() as stack:
            ends = []
            for name, mode in JOINED_BY:
                with contextlib.suppress(FileNotFoundError):
                    ends.append(os.open(self.folder / name, mode | os.O_CLOEXEC))
                    stack.callback(os.close, ends[-1])
            yield ends

    def used(self) -> bool:
        """Has any process been in it?"""
        try:
            lines = (self.folder / "cpu.stat").read_text().splitlines()
        except OSError:
            return False
        return any(line.startswith("usage_usec ") and line != "usage_usec 0" for line in lines)

    def remove(self) -> None:
        """With everything that is still in it."""
        ends = time.monotonic() + EMPTY_SECONDS
        with contextlib.suppress(OSError):
            (self.folder / "cgroup.kill").write_text("1")
        while time.monotonic() < ends:
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:  # killed processes take a moment
                time.sleep(0.01)


def _settings(limits: Limits) -> dict[str, str]:
    """What goes into a group's files."""
    return {"memory.max": str(limits.memory_bytes + limits.disk_bytes + ROOM),
            "memory.swap.max": "0", "memory.oom.group": "1",
            "pids.max": str(limits.processes + OWN_THREADS)}


def _set(file: Path, value: str) -> None:
    if file.exists() or file.name != "memory.swap.max":  # there is none on a machine without swap
        file.write_text(value)


def delegated(mounts: Path = Path("/proc/self/mountinfo"),
              membership: Path = Path("/proc/self/cgroup")) -> Delegated | str:
    """The group that is ours to divide, divided; or why there is none, in a few words."""
    own = _own(mounts, membership)
    if own is None:
        return "there is no cgroup v2"
    try:
        lacking = NEEDED - set((own / "cgroup.controllers").read_text().split())
        if lacking:
            return f"its cgroup has no {' and no '.join(sorted(lacking))} controller"
        if not os.access(own, os.W_OK) or not os.access(own / "cgroup.procs", os.W_OK):
            return "its cgroup is not delegated to this user"
        mine = {os.getpid(), *(process.pid for process in descendants(os.getpid()))}
        within = {int(pid) for pid in (own / "cgroup.procs").read_text().split()}
        if within - mine:
            return "other processes are in its cgroup"
        leaf = own / OURS
        leaf.mkdir(exist_ok=True)
        for pid in within:  # only groups without processes can be divided
            (leaf / "cgroup.procs").write_text(str(pid))
        (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(NEEDED)))
    except (OSError, ValueError) as error:
        return f"its cgroup cannot be divided: {error}"
    return Delegated(own, itertools.count(1))


def _own(mounts: Path, membership: Path) -> Path | None:
    """The folder of this process's group."""
    try:
        lines = membership.read_text().splitlines()
        path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
        for line in mounts.read_text().splitlines():
            before, _, after = line.partition(" - ")
            if path is not None and after.startswith("cgroup2 "):
                root, point = before.split()[3:5]
                own = Path(point, os.path.relpath(path, root))
                return own.parent if own.name == OURS else own
    except (OSError, ValueError):
        return None
    return None


def told(found: Delegated | str) -> str:
    """Which layer holds memory and processes, in one line."""
    if isinstance(found, Delegated):
        return "held by Linux, in a control group for each job; the runner watches too"
    return f"watched by the runner, and limits on each process ({found})"
