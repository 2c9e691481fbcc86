"""What lies beside a notebook -> the files that go with it into the sandbox, and what is left out, and why.

Regular files only, few and small, under cleaned names. Their bytes are read here once, for a digest, and
once more when they are sent; in between nobody holds them.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from grader.intake.bundle import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_FILES,
    NAME,
    NOT_REGULAR,
    TOO_MANY,
    TOO_MUCH,
    UNREAD,
    Bundle,
    LeftOut,
    cleaned,
    exercise_files,
    fits,
    notes_on,
    read,
)
from grader.wall.messages import Brought

MAX_SEEN = 20_000            # entries looked at, a second's work
PASSED_OVER = {".ipynb_checkpoints", "__pycache__", "__MACOSX", "feedback"}


def beside(notebook: Path, source: str, *, own: bool) -> Bundle:
    """What lies in a notebook's folder and goes with it. Whatever lies there, this returns.

    Args:
        source: the notebook's. Of too many files those come first that it names.
        own: the folder is one student's and all of it was handed in. Else other things may lie there: an
            exercise's own files are passed over, and folders with notebooks.
    """
    folder = notebook.parent
    gathering = _Gathering(set(re.findall(r"\w+", source)),
                           frozenset() if own else exercise_files(folder), own=own)
    gathering.look_around(folder)
    gathering.take()
    return Bundle(files=tuple(sorted(gathering.files, key=lambda file: file.name)), places=gathering.places,
                  notes=notes_on(gathering.left))


class _Gathering:
    """One folder's files, on their way to be taken along."""

    def __init__(self, words: set[str], exercises: Collection[str], *, own: bool) -> None:
        self.words, self.exercises, self.own = words, exercises, own
        self.found: list[tuple[str, Path, int]] = []    # name, where, size
        self.left: dict[str, list[str]] = {}            # why -> names
        self.files: list[Brought] = []
        self.places: dict[str, str] = {}

    def look_around(self, folder: Path) -> None:
        """Find what may be taken along, folder after folder, the nearest first."""
        waiting, seen = deque([("", folder)]), 0
        while waiting:
            name, path = waiting.popleft()
            try:
                with os.scandir(path) as entries:
                    here = list(islice(entries, MAX_SEEN - seen + 1))
            except OSError:
                self._leave(name or ".", UNREAD)
                continue
            if seen + len(here) > MAX_SEEN:
                self._leave(name or ".", TOO_MANY)
                continue
            seen += len(here)
            names = {entry.name for entry in here}
            if name and ("pyvenv.cfg" in names
                         or (not self.own and any(each.endswith(".ipynb") for each in names))):
                continue
            for entry in sorted(here, key=lambda entry: entry.name):
                if name or entry.name not in self.exercises:
                    waiting.extend(self._looked_at(f"{name}/{entry.name}".removeprefix("/"), entry))

    def _looked_at(self, name: str, entry: os.DirEntry[str]) -> Iterator[tuple[str, Path]]:
        """Note a file; a folder is the next to be searched."""
        if entry.name in PASSED_OVER or entry.name.endswith(".ipynb") or (
                entry.name.startswith(".") and not self._named(entry.name)):
            return
        try:
            mode = entry.stat(follow_symlinks=False)
        except OSError:
            self._leave(name, UNREAD)
            return
        if stat.S_ISDIR(mode.st_mode):
            if name.count("/") < MAX_DEPTH - 1:
                yield name, Path(entry.path)
            else:
                self._leave(name, TOO_MANY)
        elif stat.S_ISREG(mode.st_mode):
            self.found.append((name, Path(entry.path), mode.st_size))
        else:
            self._leave(name, NOT_REGULAR)

    def take(self) -> None:
        """Read what was found, what the notebook names before the rest, until there is enough."""
        self.found.sort(key=lambda each: (not self._named(each[0]), not each[0].endswith(".py"),
                                          each[0].count("/"), each[0]))
        left, names = MAX_BYTES, set[str]()
        for found, path, size in self.found:
            try:
                name = cleaned(found)
                if len(names) == MAX_FILES or size > left:
                    raise LeftOut(TOO_MUCH)
                if not fits(name, names):
                    raise LeftOut(NAME)
                file = read(name, path, left)
            except LeftOut as why:
                self._leave(found, str(why))
                continue
            left -= file.size
            names.add(name)
            self.files.append(file)
            self.places.setdefault(file.sha256, str(path.absolute()))

    def _named(self, name: str) -> bool:
        """Does the notebook speak of it?"""
        return set(re.findall(r"\w+", name.rpartition("/")[2].removesuffix(".py"))) <= self.words

    def _leave(self, name: str, why: str) -> None:
        self.left.setdefault(why, []).append(name)
