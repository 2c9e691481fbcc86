"""Running a command as root, or as an ordinary user: for root, as nobody, who may enter less."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
ROOT = os.getuid() == 0


def prefix(user: str) -> list[str]:
    """What runs a command as that user: "root", or "ordinary"."""
    if user == "root" or not ROOT:
        return []
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--"]
    return [*opened(), *become]


def opened() -> list[str]:
    """A view of this machine in which nobody may enter the folders of Python and of the repository, too."""
    needed = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), REPOSITORY]
    closed = {folder for path in needed if (folder := _closed(path))}
    if not closed:
        return []
    made: dict[str, None] = {}
    for path in needed:
        for folder in reversed(path.parents):
            if any(folder != top and folder.is_relative_to(top) for top in closed):
                made[str(folder)] = None
    words = [word for top in sorted(closed) for word in ("--perms", "0755", "--tmpfs", str(top))]
    words += [word for folder in made for word in ("--perms", "0755", "--dir", folder)]
    words += [word for path in needed if _closed(path) for word in ("--ro-bind", str(path), str(path))]
    return ["bwrap", "--dev-bind", "/", "/", *words, "--cap-add", "ALL", "--"]


def _closed(path: Path) -> Path | None:
    """The outermost folder on the way to there that not everybody may enter."""
    return next((folder for folder in (*reversed(path.parents), path)
                 if not folder.stat().st_mode & stat.S_IXOTH), None)


def why_not(user: str) -> str:
    """Why nothing can be run as that user; "" where it can."""
    if user == "ordinary" and ROOT and shutil.which("setpriv") is None:
        return "setpriv is not installed"
    command = [*prefix(user), sys.executable, "-c", "import torch"]
    tried = subprocess.run(command, capture_output=True, cwd="/")
    return tried.stderr.decode(errors="replace").strip()[-300:] if tried.returncode else ""


def given(root: Path, user: str) -> None:
    """A folder and all that is in it belong to that user."""
    if user == "ordinary" and ROOT:
        for path in _everything(root):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _everything(root: Path) -> Iterator[Path]:
    yield root
    yield from root.rglob("*")
