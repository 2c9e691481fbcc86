"""What lies beside a notebook -> the files that go with it into the sandbox, and what is left out, and why.

Regular files only, few and small, under cleaned names. Their bytes are read here once, for a digest, and
once more when they are sent; in between nobody holds them.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

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
from grader.intake.tree import IGNORED
from grader.wall.messages import Brought

MAX_SEEN = 20_000            # entries looked at, a second's work
NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json")


def beside(notebook: Path, source: str, *, own: bool) -> Bundle:
    """What lies in a notebook's folder and goes with it. Whatever lies there, this returns.

    Args:
        source: the notebook's. Of too many files those come first that it names.
        own: the folder is one student's and all of it was handed in. Else other things may lie there: an
            exercise's own files are passed over, and folders with notebooks.
    """
    exercises = frozenset() if own else exercise_files(notebook.parent)
    return _Gathering(source, exercises, own=own).bundle(_OnDisk(notebook.parent))


def gathered(files: Sequence[tuple[str, Path]], source: str) -> Bundle:
    """The same of a student's own files that need not lie in one folder: each with its name as seen from the
    notebook's."""
    root = _Listed()
    for name, path in files:
        *above, last = name.split("/")
        folder = root
        for part in above:
            folder = folder.folders.setdefault(part, _Listed())
        folder.files.append((last, path))
    return _Gathering(source, frozenset(), own=True).bundle(root)


class _Folder(Protocol):
    """A folder, wherever what is in it lies."""

    def entries(self, most: int) -> list[tuple[str, Path | _Folder]]:
        """Names of what is in it, of so many at most, and where each is.

        Raises:
            OSError: it cannot be read.
        """
        ...


@dataclass(frozen=True)
class _OnDisk:
    path: Path

    def entries(self, most: int) -> list[tuple[str, Path | _Folder]]:
        with os.scandir(self.path) as entries:
            return [(entry.name, Path(entry.path)) for entry in islice(entries, most)]


@dataclass(frozen=True)
class _Listed:
    files: list[tuple[str, Path]] = field(default_factory=list)
    folders: dict[str, _Listed] = field(default_factory=dict)

    def entries(self, most: int) -> list[tuple[str, Path | _Folder]]:
        entries: list[tuple[str, Path | _Folder]] = [*self.files]
        return [*entries, *self.folders.items()][:most]


class _Gathering:
    """One folder's files, on their way to be taken along."""

    def __init__(self, source: str, exercises: Collection[str], *, own: bool) -> None:
        self.words, self.exercises, self.own = set(re.findall(r"\w+", source)), exercises, own
        self.found: list[tuple[str, Path, int]] = []    # name, where, size
        self.left: dict[str, list[str]] = {}            # why -> names
        self.files: list[Brought] = []
        self.places: dict[str, str] = {}

    def bundle(self, folder: _Folder) -> Bundle:
        self.look_around(folder)
        self.take()
        return Bundle(files=tuple(sorted(self.files, key=lambda file: file.name)), places=self.places,
                      notes=notes_on(self.left))

    def look_around(self, folder: _Folder) -> None:
        """Find what may be taken along, folder after folder, the nearest first."""
        waiting, seen = deque([("", folder)]), 0
        while waiting:
            above, folder = waiting.popleft()
            try:
                here = folder.entries(MAX_SEEN - seen + 1)
            except OSError:
                self._leave(above or ".", UNREAD)
                continue
            if seen + len(here) > MAX_SEEN:
                self._leave(above or ".", TOO_MANY)
                continue
            seen += len(here)
            names = {name for name, _ in here}
            if above and ("pyvenv.cfg" in names
                          or (not self.own and any(name.endswith(".ipynb") for name in names))):
                continue
            for name, there in sorted(here, key=lambda entry: entry[0]):
                if above or name not in self.exercises:
                    waiting.extend(self._looked_at(f"{above}/{name}" if above else name, name, there))

    def _looked_at(self, name: str, last: str, there: Path | _Folder) -> Iterator[tuple[str, _Folder]]:
        """Note a file; a folder is the next to be searched."""
        if last in IGNORED or last.lower().endswith(NOTEBOOKS) or (
                last.startswith(".") and not self._named(last)):
            return
        if isinstance(there, Path):
            try:
                mode = there.lstat()
            except OSError:
                self._leave(name, UNREAD)
                return
            if stat.S_ISREG(mode.st_mode):
                self.found.append((name, there, mode.st_size))
                return
            if not stat.S_ISDIR(mode.st_mode):
                self._leave(name, NOT_REGULAR)
                return
            there = _OnDisk(there)
        if name.count("/") < MAX_DEPTH - 1:
            yield name, there
        else:
            self._leave(name, TOO_MANY)

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
