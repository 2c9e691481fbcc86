"""A folder or an archive -> its files, whatever lies in it. The source itself is never written to."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import unicodedata
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from grader.intake.archives import (
    DAMAGED,
    LINK,
    MAX_MEMBER,
    UNREAD,
    Budget,
    Member,
    NotAnArchive,
    NotUnpacked,
    TooLarge,
    TooMuch,
    members,
    unpack,
)
from grader.intake.handed import File, IntakeError, Tree

MAX_SEEN = 500_000           # files and folders of a source that is a folder: seconds' work
MAX_HERE = 20_000            # of them, those that lie side by side
MAX_DEPTH = 32               # folders
MAX_PART = 255               # bytes of one name: what file systems take
MAX_SHOWN = 300              # characters of a name that is no good
# the tutor's own archive: a class of 500 with 100 files and 32 MiB each
MAX_ENTRIES, MAX_BYTES = 50_000, 16 << 30
# a student's archive, together with the archives in it
THEIR_ENTRIES, THEIR_BYTES, THEIR_SECONDS = 20_000, 1 << 30, 60
NESTED = 2                   # a student's archive, and one in it

PROGRAMS = {".ipynb_checkpoints", "__pycache__", "__MACOSX", ".git"}   # what programs keep for themselves
FEEDBACK = "feedback"        # where nbgrader puts what it has to say
IGNORED = {*PROGRAMS, FEEDBACK}
NOTEBOOK = re.compile(r"\.ipynb(?!_checkpoints)[^/]*$", re.IGNORECASE)
ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|gz|tbz2?|bz2|txz|xz|7z|rar)$", re.IGNORECASE)
OFTEN_DATA = re.compile(r"(?<!\.tar)\.(?:gz|bz2|xz)$", re.IGNORECASE)   # a packed file, and no archive

HIDDEN = "its name, or its folder's, begins with a dot"
NOT_THEIRS = "a folder of this name holds what others wrote"
LEADS_OUT = "its name leads out of the archive"
LONG = "its name is too long"
DEEP = "it lies too deep, below too many folders"
CROWDED = "too many files lie side by side here"
TOO_NESTED = "an archive in an archive in an archive is not unpacked"
AGAIN = "its name is there more than once; here it is called {}"


def opened(source: Path, scratch: Path) -> Tree:
    """The files of a source.

    Args:
        scratch: a folder where archives are unpacked. Files lie there for as long as somebody needs them.

    Raises:
        IntakeError: there is no such folder or archive, or it cannot be read as a whole.
    """
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        reading = _Reading(source, Path(tempfile.mkdtemp(dir=scratch)))
        if source.is_dir():
            found = reading.walked()
        elif source.is_file():
            found = reading.unpacked()
        else:
            raise IntakeError(f"{source}: no such folder or archive")
        return reading.in_archives(found).tree(source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise IntakeError(f"{source}: no room in {scratch} to unpack it; make some, or unpack it "
                              "yourself and give the folder") from None
        raise IntakeError(f"{error.filename or source}: {error.strerror or error}") from None


@dataclass(kw_only=True)
class _Found:
    """What a source holds, or one archive in it; `prefix` is where that archive is in the source."""

    prefix: str = ""
    files: list[File] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    refused: list[tuple[str, str]] = field(default_factory=list)
    gits: set[str] = field(default_factory=set)
    feedback: set[str] = field(default_factory=set)

    def tree(self, source: Path) -> Tree:
        holding = {above for file in self.files for above in _above(file.relative)}
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

    def add(self, other: _Found) -> None:
        self.files += other.files
        self.folders |= other.folders
        self.refused += other.refused
        self.gits |= other.gits
        self.feedback |= other.feedback

    def discard(self) -> None:
        """Remove what was unpacked."""
        for file in self.files:
            file.path.unlink(missing_ok=True)


class _Reading:
    """One source, while it is read."""

    def __init__(self, source: Path, scratch: Path) -> None:
        self.source, self.scratch = source, scratch
        self.numbers, self.taken = count(), set[str]()

    def walked(self) -> _Found:
        """A folder's files. What is a link, or cannot be read, is seen by whoever opens it."""
        found, seen = _Found(), 0
        waiting: list[tuple[tuple[str, ...], Path]] = [((), self.source)]
        while waiting:
            above, folder = waiting.pop()
            entries = self._entries(found, above, folder)
            seen += len(entries)
            if seen > MAX_SEEN:
                raise IntakeError(f"{self.source}: more than {MAX_SEEN:,} files; give the folder that holds "
                                  "the submissions and nothing else")
            for entry in entries:
                parts = (*above, text(entry.name))
                is_folder = _holds(entry, follow=False)
                somebodys = found.is_somebodys(parts, folder=is_folder)
                if is_folder and entry.name not in IGNORED and not entry.name.startswith("._"):
                    waiting.append((parts, Path(entry.path)))
                elif somebodys:
                    self._on_disk(found, parts, entry)
        return found

    def _entries(self, found: _Found, above: tuple[str, ...], folder: Path) -> list[os.DirEntry[str]]:
        why = ""
        try:
            with os.scandir(folder) as entries:
                here = list(islice(entries, MAX_HERE + 1))
        except OSError as error:
            here, why = [], f"{UNREAD}: {error.strerror}"
        if len(here) > MAX_HERE:
            here, why = [], CROWDED
        if len(above) > MAX_DEPTH:
            here, why = [], DEEP
        if why and not above:
            raise IntakeError(f"{self.source}: {why}")
        if why:
            found.refused.append((_shown(found.at(above)), why))
        return sorted(here, key=lambda entry: entry.name)

    def _on_disk(self, found: _Found, parts: tuple[str, ...], entry: os.DirEntry[str]) -> None:
        if entry.is_symlink() and _holds(entry, follow=True):
            found.refused.append((found.at(parts), LINK))
            return
        file = File(relative=self._named(found, found.at(parts)), path=Path(entry.path))
        found.files.append(file)
        if entry.is_file(follow_symlinks=False) and not os.access(file.path, os.R_OK):
            found.refused.append((file.relative, UNREAD))

    def unpacked(self) -> _Found:
        """The files in the tutor's own archive."""
        try:
            return self._unpacked("", self.source.resolve(), Budget(entries=MAX_ENTRIES, size=MAX_BYTES))
        except NotUnpacked as why:
            advice = "give one of these, or the folder" if isinstance(why, NotAnArchive) else (
                "download it again" if str(why) == DAMAGED else "unpack it yourself and give the folder")
            raise IntakeError(f"{self.source}: {why}; {advice}") from None

    def in_archives(self, found: _Found, level: int = 1, budget: Budget | None = None) -> _Found:
        """The same, with what students' archives hold in place of the archives."""
        whole = _Found(folders=found.folders, refused=found.refused, gits=found.gits,
                       feedback=found.feedback)
        unread = {name for name, _ in found.refused}
        for file in found.files:
            if ARCHIVE.search(file.relative) and file.relative not in unread:
                whole.add(self._in_archive(file, level, budget or Budget(
                    entries=THEIR_ENTRIES, size=THEIR_BYTES, seconds=THEIR_SECONDS, ratio=True)))
            else:
                whole.files.append(file)
        return whole

    def _in_archive(self, file: File, level: int, budget: Budget) -> _Found:
        """What a student's archive holds. Where that is no notebook, it may be data, and stays what it is."""
        itself = _Found(files=[file])
        try:
            if level > NESTED:
                raise NotAnArchive(TOO_NESTED)
            found = self.in_archives(self._unpacked(file.relative, file.path, budget), level + 1, budget)
        except NotUnpacked as why:
            if not (isinstance(why, NotAnArchive) and OFTEN_DATA.search(file.relative)):
                itself.refused.append((file.relative, str(why)))
            return itself
        if any(NOTEBOOK.search(each.relative) for each in found.files):
            return found
        found.discard()
        itself.refused = found.refused
        return itself

    def _unpacked(self, prefix: str, archive: Path, budget: Budget) -> _Found:
        """The files of an archive; none of a student's that can hold no notebook."""
        found = _Found(prefix=prefix)
        with members(archive, budget, self._free()) as inside:
            if prefix and not any(NOTEBOOK.search(m.name) or ARCHIVE.search(m.name) for m in inside):
                return found
            try:
                for member in inside:
                    self._take(found, member, budget)
            except BaseException:
                found.discard()
                raise
        return found

    def _take(self, found: _Found, member: Member, budget: Budget) -> None:
        parts, why = _parts(member.name)
        if why:
            found.refused.append((_shown(found.at((text(member.name),))), why))
        elif found.is_somebodys(parts, folder=member.folder):
            file = File(relative=self._named(found, found.at(parts)), path=self._free())
            found.files.append(file)
            try:
                unpack(member, file.path, budget)
            except TooMuch:
                raise
            except NotUnpacked as error:
                found.refused.append((file.relative, str(error)))
                if isinstance(error, TooLarge):     # a hole as large, so that its reader says the same of it
                    file.path.touch()
                    os.truncate(file.path, MAX_MEMBER + 1)

    def _free(self) -> Path:
        return self.scratch / f"{next(self.numbers):06}"

    def _named(self, found: _Found, name: str) -> str:
        """A name that no other file of the source has."""
        own, stem, dot, suffix = name, *name.rpartition(".")
        for number in count(2):
            if own not in self.taken:
                break
            own = f"{stem} ({number}){dot}{suffix}" if dot else f"{name} ({number})"
        self.taken.add(own)
        if own != name:
            found.refused.append((name, AGAIN.format(own.rpartition("/")[2])))
        return own


def text(name: str) -> str:
    """A name that every file and terminal can hold: other bytes than UTF-8, and what would break a line or
    steer a terminal, as Python would escape them."""
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c.encode("unicode_escape").decode() if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
                   for c in name)


def _parts(name: str) -> tuple[tuple[str, ...], str]:
    """An archive's name for a file, part by part; or why it cannot be one."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if "\0" in name or name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        return (), LEADS_OUT
    if any(len(part.encode("utf-8", "surrogateescape")) > MAX_PART for part in parts):
        return (), LONG
    if len(parts) > MAX_DEPTH + 1:
        return (), DEEP
    return tuple(text(part) for part in parts), ""


def _above(relative: str) -> list[str]:
    """The folders that a file lies in."""
    parts = relative.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _holds(entry: os.DirEntry[str], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False


def _shown(name: str) -> str:
    return name if len(name) <= MAX_SHOWN else f"{name[:MAX_SHOWN]}…"
