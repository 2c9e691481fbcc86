"""What a source was found to hold, or an archive in it: which names count, and how they are written."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from grader.intake.handed import File, Tree

MAX_DEPTH = 32               # folders
MAX_PART = 255               # bytes of one name: what file systems take

PROGRAMS = {".ipynb_checkpoints", "__pycache__", "__MACOSX", ".git"}   # what programs keep for themselves
FEEDBACK = "feedback"        # where nbgrader puts what it has to say
NOTEBOOK = re.compile(r"\.ipynb(?!_checkpoints)[^/]*$", re.IGNORECASE)

HIDDEN = "its name, or its folder's, begins with a dot"
NOT_THEIRS = "a folder of this name holds what others wrote"
LEADS_OUT = "its name leads out of the archive, or is none"
LONG = "its name is too long"
DEEP = "it lies too deep, below too many folders"


@dataclass(kw_only=True)
class Found:
    """What a source holds, or one archive in it; `prefix` is where that archive is in the source."""

    prefix: str = ""
    files: list[File] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    refused: list[tuple[str, str]] = field(default_factory=list)
    gits: set[str] = field(default_factory=set)
    feedback: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)       # files that are somebody's and cannot be read

    def tree(self, source: Path) -> Tree:
        holding = {name for file in self.files for name in above(file.relative)}
        refused = self.refused + [(name, NOT_THEIRS) for name in self.feedback]
        return Tree(source=source, files=tuple(sorted(self.files, key=lambda file: file.relative.split("/"))),
                    empty=tuple(sorted(self.folders - holding)), refused=tuple(sorted(refused)),
                    gits=tuple(sorted(self.gits)))

    def is_somebodys(self, parts: tuple[str, ...], *, folder: bool) -> bool:
        """Note the folders on the way to a file, and what is passed over. Is it a file that may count?"""
        kept = next((depth for depth, part in enumerate(parts) if part in PROGRAMS or part.startswith("._")),
                    None)
        if kept is not None:
            if parts[kept] == ".git":
                self.gits.add(self.at(parts[:kept]))
            parts, folder = parts[:kept], True
        for depth, part in enumerate(parts, start=1):
            if part.startswith("."):
                if not folder and NOTEBOOK.search(parts[-1]):
                    self.refused.append((self.at(parts), HIDDEN))
                return False
            if folder or depth < len(parts):
                if part == FEEDBACK:
                    self.feedback.add(self.at(parts[:depth]))
                    return False
                self.folders.add(self.at(parts[:depth]))
        return not folder

    def at(self, parts: tuple[str, ...]) -> str:
        return "/".join((*((self.prefix,) if self.prefix else ()), *parts))

    def unread(self, file: File, why: str) -> None:
        self.closed.add(file.relative)
        self.refused.append((file.relative, why))

    def add(self, other: Found) -> None:
        self.files += other.files
        self.folders |= other.folders
        self.refused += other.refused
        self.gits |= other.gits
        self.feedback |= other.feedback
        self.closed |= other.closed

    def discard(self) -> None:
        """Remove what was unpacked."""
        for file in self.files:
            file.path.unlink(missing_ok=True)


def text(name: str) -> str:
    """A name that every file and terminal can hold: other bytes than UTF-8, and what would break a line or
    steer a terminal, as Python would escape them."""
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c.encode("unicode_escape").decode() if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
                   for c in name)


def parts_of(name: str) -> tuple[tuple[str, ...], str]:
    """An archive's name for a file, part by part; or why it cannot be one."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if "\0" in name or name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        return (), LEADS_OUT
    if any(len(part.encode("utf-8", "surrogateescape")) > MAX_PART for part in parts):
        return (), LONG
    if len(parts) > MAX_DEPTH + 1:
        return (), DEEP
    return tuple(text(part) for part in parts), ""


def above(relative: str) -> list[str]:
    """The folders that a file lies in."""
    parts = relative.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]
