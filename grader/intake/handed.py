"""What is found in a source before anybody looks into a file: whose each file is, and what they called it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.errors import Mendable
from grader.records import Person


class IntakeError(Mendable):
    """A source that cannot be graded as it is: for the tutor, one line."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a source. Whether it is a regular file is seen when it is read, and no earlier."""

    relative: str            # below the source, parts joined by "/"; an archive's name stands for a folder
    path: Path               # where its bytes are: in the source, or where its archive was unpacked


@dataclass(frozen=True, kw_only=True)
class Tree:
    """All files of one source, in order, whether it is a folder or an archive."""

    source: Path                        # as the tutor named it
    files: tuple[File, ...]
    empty: tuple[str, ...] = ()         # folders that hold no file at all, relative
    refused: tuple[tuple[str, str], ...] = ()   # what was not read, and why: folders, archives' entries
    gits: tuple[str, ...] = ()          # folders that are checkouts: they hold a .git


@dataclass(frozen=True, kw_only=True)
class Handed:
    """A file, whose it is, and what the source says of it."""

    person: Person
    file: File
    name: str                           # as they called it, below what is theirs: "work/he_init.ipynb"
    source_id: str = ""                 # what the download calls them, where that is not the person's id
    team: str = ""                      # where a team handed it in: its name
    attempt: int = 0                    # from 1; 0: the source does not say
    handed_in_at: str = ""              # ISO 8601 with its offset; "": the source does not say
    late: bool = False
    exercise: str = ""                  # what the layout calls the exercise, unchecked: nbgrader's assignment
    online: bool = False                # text or a link that was typed into the LMS, no file of the student's


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a layout makes of a tree."""

    layout: str                         # as a tutor calls it: "Moodle", "Canvas", "folders"
    handed: tuple[Handed, ...]
    without: tuple[Person, ...] = ()    # people with a folder and no file in it
    ignored: tuple[tuple[str, str], ...] = ()   # file, and why it is nobody's
    blind: bool = False                 # nobody may learn the names
    said: tuple[str, ...] = ()          # how it was read, for the tutor: a folder around it


class Layout(Protocol):
    """One way in which submissions lie in a folder or an archive. Looks at names only."""

    name: str                           # for --layout: "moodle"

    def fits(self, tree: Tree) -> bool:
        """Is it this layout, beyond doubt?"""
        ...

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:
        """Whose each file is.

        Raises:
            IntakeError: the tree is not of this layout.
        """
        ...
