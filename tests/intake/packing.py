"""Sources, and archives byte by byte, for what no packing program writes."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from grader.intake.handed import Tree

SYMLINK = 0o120777 << 16
X = "x.ipynb"


def put(root: Path, *files: tuple[str, bytes]) -> Path:
    for name, data in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def names(read: Tree) -> list[str]:
    return [file.relative for file in read.files]


def contents(read: Tree) -> dict[str, bytes]:
    return {file.relative: file.path.read_bytes() for file in read.files}


def snapshot(root: Path) -> dict[str, tuple[int, int, bytes]]:
    return {str(path.relative_to(root)): (path.lstat().st_mode, path.lstat().st_mtime_ns,
                                          path.read_bytes() if path.is_file() else b"")
            for path in (root, *root.rglob("*"))}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of a zip, and what is to be said of it; None: the truth."""

    name: bytes
    data: bytes = b""
    deflated: bool = False
    flags: int = 0
    method: int | None = None
    size: int | None = None
    crc: int | None = None
    attributes: int = 0o100644 << 16
    made_by: int = 3
    again: int | None = None       # the place of an entry whose bytes it shares


def zipped(*entries: Entry) -> bytes:
    """A zip of these, as they say it."""
    out, directory, places = io.BytesIO(), io.BytesIO(), list[int]()
    for entry in entries:
        packed = entry.data
        if entry.deflated:
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = squeeze.compress(entry.data) + squeeze.flush()
        method = entry.method if entry.method is not None else 8 * entry.deflated
        size = len(entry.data) if entry.size is None else entry.size
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        said = struct.pack("<HHHIIIHH", method, 0, 33, crc, len(packed), size, len(entry.name), 0)
        places.append(out.tell() if entry.again is None else places[entry.again])
        if entry.again is None:
            out.write(b"PK\x03\x04" + struct.pack("<HH", 20, entry.flags) + said + entry.name + packed)
        directory.write(b"PK\x01\x02" + struct.pack("<BBHH", 20, entry.made_by, 20, entry.flags) + said
                        + struct.pack("<HHHII", 0, 0, 0, entry.attributes, places[-1]) + entry.name)
    start, length = out.tell(), directory.tell()
    count = len(entries) & 0xffff
    return (out.getvalue() + directory.getvalue() + b"PK\x05\x06"
            + struct.pack("<HHHHIIH", 0, 0, count, count, length, start, 0))


def packed(*files: tuple[str, bytes]) -> bytes:
    """An honest zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def tarred(*members: tuple[tarfile.TarInfo | str, bytes]) -> bytes:
    """A tar of these, as they say it."""
    out = io.BytesIO()
    for named, data in members:
        info = named
        if isinstance(info, str):
            info = tarfile.TarInfo(info)
            info.size = len(data)
        out.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        out.write(data + bytes(-len(data) % 512))
    return out.getvalue() + bytes(1024)


def patched(header: bytes, *changes: tuple[int, bytes]) -> bytes:
    """A tar's header with other bytes in some places, and the checksum that goes with them."""
    block = bytearray(header)
    for place, new in changes:
        block[place:place + len(new)] = new
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def deep(folder: Path) -> None:
    """As deep as the system lets one go, and deeper than a path may be long."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 255, dir_fd=here)
        there = os.open("d" * 255, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)
