"""A folder or an archive -> its files, whatever lies in it. The source itself is never written to."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections import Counter
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from grader.intake import archives
from grader.intake.budget import Budget, NotUnpacked, Shares, TooMuch
from grader.intake.found import (
    DEEP,
    FEEDBACK,
    LEADS_OUT,
    MAX_DEPTH,
    NOTEBOOK,
    PROGRAMS,
    Found,
    above,
    parts_of,
    text,
)
from grader.intake.handed import File, IntakeError, Tree

MAX_SEEN = 500_000           # files and folders of a source that is a folder: seconds' work
MAX_HERE = 20_000            # of them, those that lie side by side
MAX_SHOWN = 300              # characters of a name that is no good
# the tutor's own archive: a class of 500 with 100 files and 32 MiB each
MAX_ENTRIES, MAX_BYTES = 50_000, 16 << 30
NESTED = 2                   # a student's archive, and one in it

IGNORED = {*PROGRAMS, FEEDBACK}
ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|gz|tbz2?|bz2|txz|xz|7z|rar)$", re.IGNORECASE)
OFTEN_DATA = re.compile(r"(?<!\.tar)\.(?:gz|bz2|xz)$", re.IGNORECASE)   # a packed file, and no archive

CROWDED = "too many files lie side by side here: only notebooks are read"
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise IntakeError(f"{source}: no room in {scratch} to unpack it; make some, or unpack it "
                              "yourself and give the folder") from None
        raise IntakeError(f"{error.filename or source}: {error.strerror or error}") from None


class _Reading:
    """One source, while it is read."""

    def __init__(self, source: Path, scratch: Path) -> None:
        self.source, self.scratch = source, scratch
        self.numbers, self.taken = count(), dict[str, int]()

    def walked(self) -> Found:
        """A folder's files. What is a link, or cannot be read, is seen by whoever opens it."""
        found, seen, called_so = Found(), 0, dict[str, Path]()
        waiting: list[tuple[tuple[str, ...], Path]] = [((), self.source)]
        while waiting:
            where, folder = waiting.pop()
            entries = self._entries(found, where, folder)
            seen += len(entries)
            if seen > MAX_SEEN:
                raise IntakeError(f"{self.source}: more than {MAX_SEEN:,} files; give the folder that holds "
                                  "the submissions and nothing else")
            for entry in entries:
                parts = (*where, text(entry.name))
                is_folder = _holds(entry, follow=False)
                somebodys = found.is_somebodys(parts, folder=is_folder)
                if is_folder and entry.name not in IGNORED:
                    waiting.append((parts, Path(entry.path)))
                    if NOTEBOOK.search(entry.name) and found.at(parts) in found.folders:
                        called_so[found.at(parts)] = Path(entry.path)
                elif somebodys:
                    self._on_disk(found, parts, entry)
        # a folder that is called like a notebook, and holds nothing, is what somebody handed in as one
        holding = {name for file in found.files for name in above(file.relative)}
        found.files += [File(relative=self._named(found, name), path=path)
                        for name, path in called_so.items() if name not in holding]
        return found

    def _entries(self, found: Found, where: tuple[str, ...], folder: Path) -> list[os.DirEntry[str]]:
        why = ""
        try:
            with os.scandir(folder) as entries:
                here = list(islice(entries, MAX_SEEN + 1))
        except OSError as error:
            here, why = [], f"{archives.UNREAD}: {error.strerror}"
            if not where:
                raise IntakeError(f"{self.source}: {why}") from None
        if len(here) > MAX_HERE:
            here, why = [entry for entry in here if NOTEBOOK.search(entry.name)], CROWDED
        if len(where) > MAX_DEPTH:
            here, why = [], DEEP
        if why:
            found.refused.append((_shown(found.at(where) or "."), why))
        return sorted(here, key=lambda entry: entry.name)

    def _on_disk(self, found: Found, parts: tuple[str, ...], entry: os.DirEntry[str]) -> None:
        if entry.is_symlink() and _holds(entry, follow=True):
            found.refused.append((found.at(parts), archives.LINK))
            return
        file = File(relative=self._named(found, found.at(parts)), path=Path(entry.path))
        found.files.append(file)
        if entry.is_file(follow_symlinks=False) and not os.access(
                file.path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
            found.unread(file, archives.UNREAD)

    def unpacked(self) -> Found:
        """The files in the tutor's own archive."""
        try:
            return self._unpacked("", self.source.resolve(), Budget(entries=MAX_ENTRIES, size=MAX_BYTES))
        except NotUnpacked as why:
            advice = "unpack it yourself and give the folder"
            if isinstance(why, archives.NotAnArchive):
                advice = "give one of these, or the folder"
            elif str(why) == archives.DAMAGED:
                advice = "download it again"
            raise IntakeError(f"{self.source}: {why}; {advice}") from None

    def in_archives(self, found: Found, level: int = 1, budget: Budget | None = None) -> Found:
        """The same, with what students' archives hold in place of the archives."""
        whole = replace(found, files=[])
        packed = [file for file in found.files if ARCHIVE.search(file.relative)
                  and file.relative not in found.closed]
        unread = {file.relative for file in packed}
        whole.files += [file for file in found.files if file.relative not in unread]
        if budget:
            for file in packed:
                whole.add(self._in_archive(file, level, budget))
            return whole
        shares = Shares(file.relative for file in found.files)
        for file, size in _small_ones_first(packed, shares):
            most = 2 * max(archives.RATIO_FROM, archives.MAX_RATIO * size)   # a tar.gz is unpacked twice
            with shares.of(file.relative, most=most).running() as theirs:
                whole.add(self._in_archive(file, level, theirs))
        return whole

    def _in_archive(self, file: File, level: int, budget: Budget) -> Found:
        """What a student's archive holds. Where that is no notebook, it may be data, and stays what it is."""
        itself = Found(files=[file])
        try:
            if level > NESTED:
                raise archives.NotAnArchive(TOO_NESTED)
            found = self.in_archives(self._unpacked(file.relative, file.path, budget), level + 1, budget)
        except NotUnpacked as why:
            if not (isinstance(why, archives.NotAnArchive) and OFTEN_DATA.search(file.relative)):
                itself.refused.append((file.relative, str(why)))
            return itself
        if any(NOTEBOOK.search(each.relative) for each in found.files):
            return found
        found.discard()
        itself.refused = found.refused
        return itself

    def _unpacked(self, prefix: str, archive: Path, budget: Budget) -> Found:
        """The files of an archive; none of a student's that can hold no notebook."""
        found = Found(prefix=prefix)
        with archives.members(archive, budget, self._free()) as inside:
            names = [member.name.rstrip("./") for member in inside]
            if prefix and not any(NOTEBOOK.search(name) or ARCHIVE.search(name) for name in names):
                return found
            try:
                for member in sorted(inside, key=lambda member: not NOTEBOOK.search(member.name)):
                    self._take(found, member, budget)
            except BaseException:
                found.discard()
                raise
        return found

    def _take(self, found: Found, member: archives.Member, budget: Budget) -> None:
        parts, why = parts_of(member.name)
        if not why and not parts and not member.folder:
            why = LEADS_OUT
        if why:
            found.refused.append((_shown(found.at((text(member.name),))), why))
        elif found.is_somebodys(parts, folder=member.folder):
            file = File(relative=self._named(found, found.at(parts)), path=self._free())
            found.files.append(file)
            if NOTEBOOK.search(member.name):
                budget.notebook()
            try:
                archives.unpack(member, file.path, budget)
            except TooMuch:
                raise
            except NotUnpacked as error:
                found.unread(file, str(error))
                if isinstance(error, archives.TooLarge):  # a hole as large: its reader shall say the same
                    file.path.touch()
                    os.truncate(file.path, archives.MAX_MEMBER + 1)

    def _free(self) -> Path:
        return self.scratch / f"{next(self.numbers):06}"

    def _named(self, found: Found, name: str) -> str:
        """A name that no other file of the source has."""
        folder, slash, last = name.rpartition("/")
        notebook, dot = NOTEBOOK.search(last), last.rfind(".")
        cut = notebook.start() if notebook else dot if dot > 0 else len(last)
        own = last
        while f"{folder}{slash}{own}" in self.taken:
            self.taken[name] += 1
            own = f"{last[:cut]} ({self.taken[name]}){last[cut:]}"
        self.taken[f"{folder}{slash}{own}"] = 1
        if own != last:
            found.refused.append((name, AGAIN.format(own)))
        return f"{folder}{slash}{own}"


def _holds(entry: os.DirEntry[str], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False


def _small_ones_first(files: list[File], shares: Shares) -> list[tuple[File, int]]:
    """Archives and their sizes; whoever hands in the most comes last, should all be too much."""
    sizes = {file.relative: file.path.lstat().st_size for file in files}
    together = Counter[str]()
    for name, size in sizes.items():
        together[shares.whose(name)] += size
    return [(file, sizes[file.relative]) for file in sorted(files, key=lambda file: (
        together[shares.whose(file.relative)], shares.whose(file.relative), file.relative))]


def _shown(name: str) -> str:
    return name if len(name) <= MAX_SHOWN else f"{name[:MAX_SHOWN]}…"
