"""What an archive says is held for nothing but text; what comes out of it stays within limits."""

from __future__ import annotations

import contextlib
import io
import random
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake import archives
from grader.intake.archives import (
    BOMB,
    DAMAGED,
    DEVICE,
    ENCRYPTED,
    ENDLESS,
    KIND,
    LINK,
    METHOD,
    OVERLAPPING,
    UNREAD,
    Member,
    members,
    unpack,
)
from grader.intake.budget import SLOW, Budget, NotUnpacked, TooMuch
from tests.intake.packing import SYMLINK, Entry, gzipped, packed, patched, tarred, zipped


def plenty(*, ratio: bool = False, seconds: float = 600) -> Budget:
    return Budget(entries=1000, size=1 << 30, ratio=ratio, seconds=seconds)


def read(folder: Path, data: bytes, budget: Budget | None = None) -> dict[str, bytes | str]:
    """What comes out of an archive: a name's bytes, or why there are none."""
    (folder / "archive").write_bytes(data)
    budget, out = budget or plenty(), dict[str, bytes | str]()
    with members(folder / "archive", budget, folder / "spare") as inside:
        for number, member in enumerate(inside):
            if member.folder:
                out[member.name] = "folder"
                continue
            try:
                unpack(member, folder / str(number), budget)
                out[member.name] = (folder / str(number)).read_bytes()
                (folder / str(number)).unlink()
            except TooMuch:
                raise
            except NotUnpacked as why:
                assert not (folder / str(number)).exists()
                out[member.name] = str(why)
    return out


def refused(folder: Path, data: bytes, budget: Budget | None = None) -> str:
    with pytest.raises(NotUnpacked) as why:
        read(folder, data, budget)
    assert not (folder / "spare").exists()
    return str(why.value)


def header(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def test_zip_tar_and_tar_gz_by_their_bytes(tmp_path: Path) -> None:
    files = (("a/x.ipynb", b"1"), ("b.csv", b"2" * 100_000))
    assert (read(tmp_path, packed(*files)) == read(tmp_path, tarred(*files))
            == read(tmp_path, gzipped(tarred(*files))) == dict(files))
    assert not (tmp_path / "spare").exists()
    assert read(tmp_path, packed()) == read(tmp_path, tarred()) == read(tmp_path, gzipped(tarred())) == {}


@pytest.mark.parametrize("data", [
    b"", b"PK", b"\x1f\x8b", b"%PDF-1.7", b'{"cells": []}' * 100, b"7z\xbc\xaf\x27\x1c" + bytes(600),
    b"BZh91AY&SY" * 90, gzipped(b"x,y\n1,2\n" * 1000),
], ids=range(8))
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, data) in (KIND, DAMAGED)


def test_a_tar_is_not_the_zip_that_its_last_file_is(tmp_path: Path) -> None:
    data = tarred(("anna/x.ipynb", b"1"), ("ben/work.zip", packed(("x.ipynb", b"2"))))
    assert zipfile.is_zipfile(io.BytesIO(data))
    assert list(read(tmp_path, data)) == ["anna/x.ipynb", "ben/work.zip"]


def test_a_link_or_a_folder_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(packed(("a", b"1")))
    (tmp_path / "link").symlink_to("real")
    for name, why in (("link", UNREAD), (".", DEVICE), ("nothing", UNREAD)):
        with pytest.raises(NotUnpacked, match=why), \
                members(tmp_path / name, Budget(entries=1, size=1), tmp_path / "spare"):
            pass


@pytest.mark.parametrize(("name", "flags", "means"), [
    ("Jörg/größe.ipynb".encode("cp437"), 0, "Jörg/größe.ipynb"),
    ("Jörg/größe.ipynb".encode(), 0, "Jörg/größe.ipynb"),
    ("Jörg/größe.ipynb".encode(), 1 << 11, "Jörg/größe.ipynb"),
    ("王/سلام.ipynb".encode(), 0, "王/سلام.ipynb"),
    ("├╝.ipynb".encode(), 1 << 11, "├╝.ipynb"),
    (b"anna\\work\\x.ipynb", 0, "anna/work/x.ipynb"),
    (b"anna/x.ipynb\0.txt", 0, "anna/x.ipynb\0.txt"),
])
def test_names_in_a_zip_as_they_were_meant(tmp_path: Path, name: bytes, flags: int, means: str) -> None:
    assert list(read(tmp_path, zipped(Entry(name=name, data=b"1", flags=flags)))) == [means]


def test_equal_names_are_all_there(tmp_path: Path) -> None:
    for data in (zipped(Entry(name=b"x", data=b"1"), Entry(name=b"x", data=b"2")),
                 tarred(("x", b"1"), ("x", b"2"))):
        (tmp_path / "archive").write_bytes(data)
        with members(tmp_path / "archive", plenty(), tmp_path / "spare") as inside:
            assert [member.opened().read() for member in inside] == [b"1", b"2"]


class Stream(io.RawIOBase):
    """Where nobody can go back: whoever packs a download writes sizes behind the bytes."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.written += bytes(data)
        return len(bytes(data))


def test_a_zip_that_was_packed_as_it_was_sent(tmp_path: Path) -> None:
    with zipfile.ZipFile(out := Stream(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "ab":
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(name.encode() * 500)
    assert read(tmp_path, out.written) == {"a": b"a" * 500, "b": b"b" * 500}


def test_zip64_and_folders(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("folder")
        with archive.open("x", "w", force_zip64=True) as file:
            file.write(b"1")
    assert read(tmp_path, out.getvalue()) == {"folder/": "folder", "x": b"1"}
    # bytes under a folder's name are not lost
    assert read(tmp_path, zipped(Entry(name=b"x.ipynb/", data=b"1"))) == {"x.ipynb/": b"1"}


def test_an_encrypted_zip(tmp_path: Path) -> None:
    assert refused(tmp_path, zipped(Entry(name=b"a", data=b"1"), Entry(name=b"b", flags=1))) == ENCRYPTED


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 95, 99, 255])
def test_other_methods_cost_a_file_not_the_archive(tmp_path: Path, method: int) -> None:
    data = zipped(Entry(name=b"a", data=b"1", method=method), Entry(name=b"b", data=b"2"))
    assert read(tmp_path, data) == {"a": METHOD, "b": b"2"}


@pytest.mark.parametrize("lie", [{"size": 5}, {"size": 50_000}, {"size": 0}, {"crc": 7}, {"method": 8}])
def test_a_zip_that_lies_about_a_file(tmp_path: Path, lie: dict[str, int]) -> None:
    for deflated in (False, True):
        if deflated and "method" in lie:
            continue
        data = zipped(Entry(name=b"a", data=b"x" * 5000, deflated=deflated, **lie), Entry(name=b"b"))
        assert read(tmp_path, data) == {"a": DAMAGED, "b": b""}


def test_files_that_share_their_bytes(tmp_path: Path) -> None:
    bomb = zipped(Entry(name=b"a", data=bytes(1 << 16), deflated=True),
                  *(Entry(name=b"a", data=bytes(1 << 16), deflated=True, again=0) for _ in range(99)))
    assert refused(tmp_path, bomb) == OVERLAPPING
    assert list(tmp_path.iterdir()) == [tmp_path / "archive"]


def test_no_file_is_larger_than_a_notebook_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 1 << 20)
    large = bytes(range(256)) * 4096
    for data in (packed(("a", large), ("b", large + b"x")), tarred(("a", large), ("b", large + b"x"))):
        budget = plenty()
        assert read(tmp_path, data, budget) == {"a": large, "b": "it has more than 1 MiB"}
        # where an archive says so itself, it costs nothing
        assert budget.size == (1 << 30) - len(large)


@pytest.mark.parametrize(("packed_to", "why"), [(0, "it has more than 1 MiB"), (1, BOMB)])
def test_bytes_are_counted_whatever_was_said_of_them(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed_to: int, why: str) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 1 << 20)
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 10)
    more = Member(name="x", folder=False, why="", packed=packed_to, size=1,
                  opened=lambda: io.BytesIO(bytes(2 << 20)))
    with pytest.raises(NotUnpacked, match=why):
        unpack(more, tmp_path / "x", plenty())
    assert not list(tmp_path.iterdir())


def test_a_bomb_costs_a_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 20)
    bomb, honest = bytes(4 << 20), random.Random(1).randbytes(100)
    assert read(tmp_path, packed(("a", bomb), ("b", honest))) == {"a": BOMB, "b": honest}
    assert refused(tmp_path, gzipped(tarred(("a", bomb))), plenty(ratio=True)) == BOMB
    # in a class one student's bomb must not cost all others their marks
    assert read(tmp_path, gzipped(tarred(("a", bomb))), plenty())["a"] == bomb


@pytest.mark.parametrize("pack", [packed, tarred, lambda *files: gzipped(tarred(*files))])
def test_all_files_together(tmp_path: Path, pack: object) -> None:
    data = pack(*((str(i), random.Random(i).randbytes(1 << 16)) for i in range(20)))  # type: ignore[operator]
    says = refused(tmp_path, data, Budget(entries=20, size=1 << 20))
    assert says == "more than 0.000977 GiB would come out of it"
    assert refused(tmp_path, data, Budget(entries=19, size=2 << 20)) == "it has more than 19 entries"


def test_a_tar_gz_is_not_even_unpacked_to_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(gzipped(tarred(("a", bytes(1 << 20)))))
    with pytest.raises(TooMuch), \
            members(tmp_path / "archive", Budget(entries=9, size=1 << 20), tmp_path / "spare"):
        pytest.fail("its tar was written")


def test_a_hundred_thousand_entries_are_refused_and_none_is_unpacked(tmp_path: Path) -> None:
    many = zipped(*(Entry(name=b"%d/x.ipynb" % i) for i in range(100_000)))
    for data in (many, gzipped(header("x").tobuf() * 100_000 + bytes(1024))):
        says = refused(tmp_path, data, Budget(entries=50_000, size=1 << 30))
        assert says == "it has more than 50,000 entries"
        assert list(tmp_path.iterdir()) == [tmp_path / "archive"]


def test_a_directory_of_many_bytes_is_not_read(tmp_path: Path) -> None:
    many = zipped(*(Entry(name=b"%05d" % i + b"x" * 60_000) for i in range(50)))
    assert refused(tmp_path, many, Budget(entries=100, size=1 << 30)) == ENDLESS


def test_what_takes_too_long(tmp_path: Path) -> None:
    assert refused(tmp_path, packed(("a", b"1")), plenty(seconds=0)) == SLOW.format("it")


def test_links_and_devices_are_named_and_nothing_else(tmp_path: Path) -> None:
    data = zipped(Entry(name=b"link.ipynb", data=b"/etc/passwd", attributes=SYMLINK),
                  Entry(name=b"pipe", attributes=stat.S_IFIFO << 16),
                  # what Windows writes there is no mode
                  Entry(name=b"windows", data=b"1", attributes=SYMLINK, made_by=0))
    assert read(tmp_path, data) == {"link.ipynb": LINK, "pipe": DEVICE, "windows": b"1"}
    data = tarred((header("link.ipynb", tarfile.SYMTYPE, link="/etc/passwd"), b""),
                  (header("hard.ipynb", tarfile.LNKTYPE, link="../secret"), b""),
                  (header("pipe", tarfile.FIFOTYPE), b""), (header("tty", tarfile.CHRTYPE), b""),
                  (header("disk", tarfile.BLKTYPE), b""), (header("odd", b"Z"), b""),
                  (header("folder", tarfile.DIRTYPE), b""), ("x", b"1"))
    assert read(tmp_path, data) == {
        "link.ipynb": LINK, "hard.ipynb": LINK, "pipe": DEVICE, "tty": DEVICE, "disk": DEVICE, "odd": DEVICE,
        "folder": "folder", "x": b"1"}


def sparse(real: int, *, data: bytes, at: int) -> bytes:
    """A tar of one file with a hole before its bytes, as old GNU tar writes it."""
    block = header("holes", tarfile.GNUTYPE_SPARSE, size=len(data)).tobuf(tarfile.GNU_FORMAT)
    block = patched(block, (386, b"%011o\0%011o\0" % (at, len(data))), (483, b"%011o\0" % real))
    return block + data + bytes(-len(data) % 512) + bytes(1024)


def test_a_file_with_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(tmp_path, sparse(5000, data=b"end", at=4997)) == {"holes": bytes(4997) + b"end"}
    assert read(tmp_path, sparse(8 << 30, data=b"end", at=0)) == {"holes": "it has more than 256 MiB"}


def test_what_tar_says_of_a_file_is_short(tmp_path: Path) -> None:
    long = header("x")
    long.pax_headers = {"comment": "1" * (archives.MAX_HEADER + 1)}
    assert refused(tmp_path, tarred(("a", b"1"), (long, b""))) == ENDLESS
    assert refused(tmp_path, tarred((header("a/" * archives.MAX_HEADER), b""))) == ENDLESS
    long.pax_headers = {"comment": "1" * 1000, "path": "ü/" * 1000 + "x"}
    assert list(read(tmp_path, tarred((long, b"")))) == ["ü/" * 1000 + "x"]


@pytest.mark.parametrize("size", [b"\xff" * 12, b"\xff" * 11 + b"\x00", b"\x80" + b"\xff" * 11,
                                  b"77777777777\0"])
def test_a_tar_with_impossible_sizes_ends(tmp_path: Path, size: bytes) -> None:
    data = patched(header("x").tobuf(tarfile.GNU_FORMAT), (124, size)) + bytes(10240)
    with contextlib.suppress(NotUnpacked):
        assert not any(isinstance(found, bytes) and found for found in read(tmp_path, data).values())


@pytest.mark.parametrize("pack", [packed, tarred, lambda *files: gzipped(tarred(*files))])
def test_a_download_that_broke_off_is_never_taken_for_whole(tmp_path: Path, pack: object) -> None:
    files = [(f"{i}/x.ipynb", random.Random(i).randbytes(700)) for i in range(4)]
    data: bytes = pack(*files)  # type: ignore[operator]
    for length in range(0, len(data.rstrip(b"\0")), 97):
        assert refused(tmp_path, data[:length]) in (DAMAGED, KIND), length


def test_a_tar_with_a_damaged_header_is_never_taken_for_whole(tmp_path: Path) -> None:
    data = bytearray(tarred(("a", b"1"), ("b", b"2"), ("c", b"3")))
    data[1024 + 148] ^= 1
    assert refused(tmp_path, bytes(data)) == DAMAGED


WHOLE = (packed(("a/x.ipynb", b"1" * 500), ("b", b"2")), tarred(("a/x.ipynb", b"1" * 500), ("b", b"2")),
         tarred((header("ü" * 200, size=3), b"123"), (header("s", tarfile.SYMTYPE, link="a"), b"")),
         gzipped(tarred(("a", b"1"))), sparse(5000, data=b"end", at=4997))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=5))
def test_whatever_the_bytes_are_something_is_said(
        tmp_path: Path, data: bytes, changes: list[tuple[float, int]]) -> None:
    spoilt = bytearray(data)
    for place, value in changes:
        spoilt[min(int(place * len(data)), len(data) - 1)] = value
    for path in tmp_path.iterdir():
        path.unlink()
    with contextlib.suppress(NotUnpacked):
        read(tmp_path, bytes(spoilt), Budget(entries=100, size=1 << 20, seconds=60))
    assert all(path.name in ("archive", "spare") or path.name.isdigit() for path in tmp_path.iterdir())
