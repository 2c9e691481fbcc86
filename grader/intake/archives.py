"""Zip, tar and tar.gz that nobody vouches for: what is in one, and its bytes, within limits.

Names in an archive are text and nothing else: whoever unpacks says where the bytes go.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO

from grader.intake.budget import Budget, NotUnpacked, TooMuch
from grader.intake.clean import MAX_BYTES

MAX_MEMBER = MAX_BYTES       # bytes of one file: as much as a notebook may have
MAX_RATIO = 200              # unpacked to packed; notebooks full of progress bars stay below 100
RATIO_FROM = 32 << 20        # bytes of one file, or of a tar, from which on the ratio matters
MAX_HEADER = 32 << 10        # bytes of what tar says of one file; beyond, tarfile's own patterns are slow
MAX_ENTRY = 256              # bytes of what zip says of one file, on average
LOCAL = 30                   # bytes at least that zip puts before a file's own
CHUNK = 64 << 10
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
UNIX, SAYS_UTF8 = 3, 1 << 11     # of a zip's entry: by whom it was made, and a flag

ENCRYPTED = "it is encrypted"
DAMAGED = "it is damaged or breaks off"
OVERLAPPING = "its files overlap, as in a zip bomb"
BOMB = f"it is more than {MAX_RATIO} times as large as packed, as in a zip bomb"
ENDLESS = "what it says of its files takes too much room"
KIND = "it is no zip, tar or tar.gz"
UNREAD = "it cannot be opened"
LINK = "a link, which is not followed"
DEVICE = "neither a file nor a folder"
METHOD = "it is packed by a method that is not read here"


class NotAnArchive(NotUnpacked):
    """It is something else, and may be whole."""


class TooLarge(NotUnpacked):
    """A single file does."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file or folder in an archive."""

    name: str                # as the archive has it, with "/"; it may say anything
    folder: bool
    why: str                 # why it cannot be unpacked: a link, a device; "" where it can
    packed: int              # bytes in the archive; 0: that cannot be told
    size: int                # bytes, as the archive says
    opened: Callable[[], IO[bytes]]


@contextmanager
def members(path: Path, budget: Budget, spare: Path) -> Iterator[tuple[Member, ...]]:
    """What is in an archive, whatever the archive is called. Files are read while the context is open.

    Args:
        spare: a name that is free, for the tar in a tar.gz while it is read.

    Raises:
        NotUnpacked: it is no archive, or cannot be read, or has too many entries.
        OSError: the spare file cannot be written.
    """
    with ExitStack() as stack:
        file = stack.enter_context(_regular(path))
        with _damage():
            kind = _kind(file)
        if kind == "gz":
            stack.callback(spare.unlink, missing_ok=True)
            _gunzip(file, spare, budget)
            file = stack.enter_context(_regular(spare))
        with _damage():
            found = (_zip if kind == "zip" else _tar)(file, budget, stack)
        yield found


def unpack(member: Member, target: Path, budget: Budget) -> None:
    """Write a file's bytes to a name that is free. Nothing is left there where that fails.

    Raises:
        NotUnpacked: it cannot be read, or would be too large; with TooMuch, all of the archive is.
        OSError: it cannot be written.
    """
    if member.why:
        raise NotUnpacked(member.why)
    _fits(member.size, member.packed)
    with _damage():
        source = member.opened()
    written = 0
    try:
        with source, target.open("xb") as out:
            while chunk := _chunk(source):
                written += len(chunk)
                _fits(written, member.packed)
                budget.write(len(chunk))
                out.write(chunk)
        if written != member.size:
            raise NotUnpacked(DAMAGED)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _fits(size: int, packed: int) -> None:
    if size > MAX_MEMBER:
        raise TooLarge(f"it has more than {MAX_MEMBER >> 20} MiB")
    if packed and size > max(RATIO_FROM, MAX_RATIO * packed):
        raise NotUnpacked(BOMB)


def _chunk(source: IO[bytes] | gzip.GzipFile) -> bytes:
    with _damage():
        return source.read(CHUNK)


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever zipfile and tarfile stumble over, the archive is damaged: they raise a dozen classes."""
    try:
        yield
    except NotUnpacked:
        raise
    except NotImplementedError:
        raise NotUnpacked(METHOD) from None
    except Exception:
        raise NotUnpacked(DAMAGED) from None


class _Capped(io.BufferedReader):
    """A file of which no more is read than `left`, until somebody sets it anew: neither library looks how
    long a directory or a header is before it reads all of it."""

    left = sys.maxsize

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = max(os.fstat(self.fileno()).st_size - self.tell(), 0)
        if size > self.left:
            raise TooMuch(ENDLESS)
        self.left -= size
        return super().read(size)


def _regular(path: Path) -> _Capped:
    """A regular file, and no link to one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
                             | getattr(os, "O_BINARY", 0))
    except OSError:
        raise NotUnpacked(UNREAD) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotUnpacked(DEVICE)
    return _Capped(io.FileIO(descriptor))


def _kind(file: _Capped) -> str:
    """How it is packed, as its first bytes say: at its end a tar may look like a zip, if its last file is."""
    start = file.read(tarfile.BLOCKSIZE)
    file.seek(0)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if start.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as source:
            start = source.read(tarfile.BLOCKSIZE)
        file.seek(0)
        kind = "gz"
    else:
        kind = "tar"
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.EOFHeaderError:      # type: ignore[attr-defined]
        return kind
    except tarfile.HeaderError:
        raise NotAnArchive(KIND) from None
    return kind


def _gunzip(file: _Capped, spare: Path, budget: Budget) -> None:
    """The tar in a tar.gz at full length, for tarfile goes back and forth in it."""
    packed, written = os.fstat(file.fileno()).st_size, 0
    file.left = sys.maxsize
    with gzip.GzipFile(fileobj=file) as source, spare.open("xb") as out:
        while chunk := _chunk(source):
            written += len(chunk)
            if budget.ratio and written > max(RATIO_FROM, MAX_RATIO * packed):
                raise TooMuch(BOMB)
            budget.write(len(chunk))
            out.write(chunk)


def _zip(file: _Capped, budget: Budget, stack: ExitStack) -> tuple[Member, ...]:
    file.left = MAX_ENTRY * max(budget.entries, 0) + (1 << 17)  # the directory, and what comes behind it
    archive = stack.enter_context(zipfile.ZipFile(file))
    file.left = sys.maxsize
    entries = archive.infolist()
    budget.list(len(entries))
    if any(entry.flag_bits & 1 for entry in entries):
        raise NotUnpacked(ENCRYPTED)
    places = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    if any(start + LOCAL + size > behind for (start, size), (behind, _) in pairwise(places)):
        raise NotUnpacked(OVERLAPPING)
    return tuple(_zipped(archive, entry) for entry in entries)


def _zipped(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    mode = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == UNIX else 0
    name = _named(entry)
    why = (LINK if mode == stat.S_IFLNK else DEVICE if mode not in (0, stat.S_IFREG, stat.S_IFDIR)
           else METHOD if entry.compress_type not in METHODS else "")
    return Member(name=name, folder=(name.endswith("/") or mode == stat.S_IFDIR) and not entry.file_size,
                  why=why, packed=entry.compress_size, size=entry.file_size,
                  opened=partial(archive.open, entry))


def _named(entry: zipfile.ZipInfo) -> str:
    """A name as it was meant. Moodle and macOS write UTF-8 and do not say so; old Windows programs part
    folders with a backslash."""
    name = entry.orig_filename
    if not entry.flag_bits & SAYS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _tar(file: _Capped, budget: Budget, stack: ExitStack) -> tuple[Member, ...]:
    file.left = MAX_HEADER
    archive = stack.enter_context(tarfile.TarFile(fileobj=file, encoding="utf-8"))
    found = list[Member]()
    while entry := archive.next():
        budget.list(1)
        file.left = MAX_HEADER
        # tarfile keeps every one, and every header of each
        archive.members, entry.pax_headers = [], {}     # type: ignore[attr-defined]
        why = "" if entry.isdir() or entry.isreg() else LINK if entry.issym() or entry.islnk() else DEVICE
        found.append(Member(name=entry.name, folder=entry.isdir(), why=why, packed=0, size=entry.size,
                            opened=partial(tarfile.ExFileObject, archive, entry)))
    file.seek(archive.offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise NotUnpacked(DAMAGED)      # tarfile takes a header that it cannot read for the end
    file.left = sys.maxsize
    return tuple(found)
