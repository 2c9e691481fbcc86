"""Where a running notebook's exercise lies, when nothing but its name is known: Colab, Kaggle, VS Code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from grader.exercise.catalog import ExerciseError

DEEP = 4          # folders below the one that a kernel was started in
MOST = 5000       # folders that are looked at: somebody's whole drive may lie below
MAX_BYTES = 32 << 20


def folder_of(name: str, start: Path) -> Path:
    """The folder of an exercise at, below or beside `start`: called so, or with a notebook that says so.

    Raises:
        ExerciseError: none is, or several are and none lies nearer. Says what to do.
    """
    found: list[Path] = []
    for level in _levels(start):
        found = [folder for folder in level if (folder / "exercise.toml").exists() and _is(name, folder)]
        if found:
            break
    if not found and (start.parent / name / "exercise.toml").exists():
        found = [start.parent / name]
    if len(found) != 1:
        where = " and in ".join(map(str, found[:2]))
        raise ExerciseError(f"{name} lies in {where}: go into one of them (os.chdir)" if found else
                            f"there is no exercise {name!r} in {start} or below: upload the folder that you "
                            "were given, with the checks in it, and say its name")
    return found[0]


def _levels(start: Path) -> Iterator[list[Path]]:
    """`start`, the folders in it, those in these, ..."""
    level, left = [start], MOST
    for _ in range(DEEP + 1):
        yield level
        level = [Path(entry.path) for folder in level for entry in _below(folder)][:left]
        left -= len(level)


def _below(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if entry.is_dir(follow_symlinks=False)
                           and not entry.name.startswith((".", "__"))), key=lambda entry: entry.name)
    except OSError:
        return []


def _is(name: str, folder: Path) -> bool:
    return folder.name == name or any(_says(path) == name for path in sorted(folder.glob("*.ipynb")))


def _says(path: Path) -> str | None:
    """The exercise that a notebook's metadata name."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        found = json.loads(path.read_bytes())["metadata"]["grader"]["exercise"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
