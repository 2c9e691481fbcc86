"""What comes out of archives, the tutor's and students': each file once, under a name of its own, or a
reason."""

from __future__ import annotations

import random
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake import archives, budget, found
from grader.intake.archives import BOMB, DAMAGED, ENCRYPTED, LINK, OVERLAPPING
from grader.intake.found import DEEP, HIDDEN, LEADS_OUT, LONG, NOT_THEIRS
from grader.intake.handed import File, Tree
from grader.intake.tree import AGAIN, TOO_NESTED, opened
from tests.intake.packing import (
    SYMLINK,
    Entry,
    X,
    contents,
    gzipped,
    names,
    packed,
    put,
    snapshot,
    tarred,
    zipped,
)


def of_archive(tmp_path: Path, data: bytes) -> Tree:
    (tmp_path / "class.zip").write_bytes(data)
    return opened(tmp_path / "class.zip", tmp_path / "scratch")


def of_student(tmp_path: Path, data: bytes, name: str = "work.zip") -> Tree:
    """A class of two: anna hands in an archive, ben a notebook."""
    put(tmp_path / "class", (f"anna/{name}", data), (f"ben/{X}", b"of ben"))
    read = opened(tmp_path / "class", tmp_path / "scratch")
    assert File(relative=f"ben/{X}", path=tmp_path / "class" / "ben" / X) in read.files
    return read


def test_names_that_lead_out_of_an_archive(tmp_path: Path) -> None:
    bad = ("/etc/x", "../x", "a/../../x", "..\\x", "C:\\x", "c:x", "\\\\host\\x", "a\0b", "..", "")
    read = of_archive(tmp_path, zipped(*(Entry(name=name.encode(), data=b"1") for name in bad),
                                       Entry(name=b"./a//./b.ipynb", data=b"2")))
    assert contents(read) == {"a/b.ipynb": b"2"}
    assert len(read.refused) == len(bad)
    assert {why for _, why in read.refused} == {LEADS_OUT}
    read = of_archive(tmp_path, tarred(("/etc/x", b"1"), ("../x", b"1"), ("a/../../x", b"1"), (X, b"2")))
    assert contents(read) == {X: b"2"}
    assert read.refused == (("../x", LEADS_OUT), ("/etc/x", LEADS_OUT), ("a/../../x", LEADS_OUT))


def test_names_that_are_no_utf8_and_names_that_would_break_a_line(tmp_path: Path) -> None:
    read = of_archive(tmp_path, tarred(("J\udcf6rg/x.ipynb", b"1"), ("two\nlines", b"2"),
                                       ("\x1b/../x", b"3")))
    assert contents(read) == {r"J\xf6rg/x.ipynb": b"1", r"two\nlines": b"2"}
    assert read.refused == ((r"\x1b/../x", LEADS_OUT),)


def test_long_and_deep_names_in_an_archive(tmp_path: Path) -> None:
    deep = "d/" * found.MAX_DEPTH
    read = of_archive(tmp_path, tarred(("ü" * 128, b""), (f"d/{deep}x", b""), (f"{deep}x", b"1"),
                                       ("ü" * 127, b"2")))
    assert contents(read) == {f"{deep}x": b"1", "ü" * 127: b"2"}
    assert sorted(why for _, why in read.refused) == [DEEP, LONG]


def test_equal_names_in_an_archive_are_all_there_and_told_of(tmp_path: Path) -> None:
    read = of_archive(tmp_path, zipped(*(Entry(name=name, data=b"%d" % i) for i, name in enumerate(
        (b"a.b/x.ipynb", b"a.b/x.ipynb", b"a.b/x (2).ipynb", b"a.b/x.ipynb", b"a.b/README", b"a.b/README",
         b"a.b/X.ipynb", b"a.b/x.ipynb.txt", b"a.b/x.ipynb.txt", "ü".encode(), "u\u0308".encode())))))
    assert {name: data.decode() for name, data in contents(read).items()} == {
        "a.b/x.ipynb": "0", "a.b/x (2).ipynb": "1", "a.b/x (2) (2).ipynb": "2", "a.b/x (3).ipynb": "3",
        "a.b/README": "4", "a.b/README (2)": "5", "a.b/X.ipynb": "6", "a.b/x.ipynb.txt": "7",
        "a.b/x (2).ipynb.txt": "8", "ü": "9", "u\u0308": "10"}
    assert [(name, why.rpartition(" called ")[2]) for name, why in read.refused] == [
        ("a.b/README", "README (2)"), ("a.b/x (2).ipynb", "x (2) (2).ipynb"), ("a.b/x.ipynb", "x (2).ipynb"),
        ("a.b/x.ipynb", "x (3).ipynb"), ("a.b/x.ipynb.txt", "x (2).ipynb.txt")]


def test_what_cannot_be_unpacked_stays_somebodys_file(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 1 << 20)
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 19)
    read = of_archive(tmp_path, zipped(
        Entry(name=b"anna/x.ipynb", data=b"1", crc=3),
        Entry(name=b"ben/x.ipynb", data=b"/etc/passwd", attributes=SYMLINK),
        Entry(name=b"cleo/x.ipynb", data=random.Random(1).randbytes((1 << 20) + 1)),
        Entry(name=b"dora/x.ipynb", data=bytes(1 << 20), deflated=True),
        Entry(name=b"eve/x.ipynb", data=b"1")))
    assert names(read) == [f"{student}/{X}" for student in ("anna", "ben", "cleo", "dora", "eve")]
    assert dict(read.refused) == {f"anna/{X}": DAMAGED, f"ben/{X}": LINK, f"dora/{X}": BOMB,
                                  f"cleo/{X}": "it has more than 1 MiB"}
    there = {file.relative[:3]: file.path.stat().st_size for file in read.files if file.path.exists()}
    assert there == {"cle": (1 << 20) + 1, "eve": 1}


def test_a_notebook_in_a_students_archive_is_found(tmp_path: Path) -> None:
    files = ("he/a.ipynb", b"1"), ("in.zip", packed(("b.ipynb", b"2"))), ("x.csv", b"3")
    for name, data in (("work.zip", packed(*files)), ("WORK.ZIP", tarred(*files)),
                       ("work.tar.gz", gzipped(tarred(*files))), ("work.gz", gzipped(tarred(*files)))):
        read = of_student(tmp_path, data, name)
        assert contents(read) == {f"anna/{name}/he/a.ipynb": b"1", f"anna/{name}/in.zip/b.ipynb": b"2",
                                  f"anna/{name}/x.csv": b"3", f"ben/{X}": b"of ben"}
        assert not read.refused
        (tmp_path / "class" / "anna" / name).unlink()


def test_what_is_passed_over_in_a_students_archive(tmp_path: Path) -> None:
    read = of_student(tmp_path, packed((X, b"1"), (f"feedback/{X}", b"2"), (f"__MACOSX/._{X}", b"3"),
                                       (f".old/{X}", b"4"), ("repo/.git/HEAD", b"5"), ("empty/", b"")))
    assert names(read) == [f"anna/work.zip/{X}", f"ben/{X}"]
    assert read.refused == ((f"anna/work.zip/.old/{X}", HIDDEN), ("anna/work.zip/feedback", NOT_THEIRS))
    assert read.gits == ("anna/work.zip/repo",)
    assert read.empty == ("anna/work.zip/empty", "anna/work.zip/repo")


def test_a_notebook_under_a_folders_name_is_found(tmp_path: Path) -> None:
    read = of_student(tmp_path, zipped(Entry(name=b"x.ipynb/./", data=b"1")))
    assert contents(read) == {f"anna/work.zip/{X}": b"1", f"ben/{X}": b"of ben"}


def test_an_archive_without_a_notebook_is_data_and_stays_what_it_is(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(("train.csv", b"1"), ("more.zip", packed(("test.csv", b"2"))), ("folder/", b""))
    root = put(tmp_path / "class", ("anna/data.zip", data), ("anna/images.gz", gzipped(b"3" * 1000)),
               ("anna/weights.pth", packed(("a.ipynb", b""))), ("anna/data.tar", tarred(("a.csv", b"4"))))
    read = opened(root, tmp_path / "scratch")
    assert [(file.relative, file.path) for file in read.files] == [
        (f"anna/{name}", root / "anna" / name)
        for name in ("data.tar", "data.zip", "images.gz", "weights.pth")]
    assert not read.refused
    assert not read.empty
    monkeypatch.setattr(budget, "THEIR_BYTES", 1)     # however large: nobody looks
    assert not opened(put(root, ("anna/data.zip", packed(("a.csv", b"12")))), tmp_path / "scratch").refused
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


@pytest.mark.parametrize(("data", "why"), [
    (packed((X, b"1" * 500))[:-30], DAMAGED),
    (zipped(Entry(name=X.encode(), flags=1)), ENCRYPTED),
    (zipped(Entry(name=X.encode()), Entry(name=X.encode(), again=0)), OVERLAPPING),
    (b"Rar!\x1a\x07\x01", archives.KIND),
    (b"", archives.KIND),
    (packed(*((f"{i}.ipynb", b"") for i in range(21))), "it has more than 20 entries"),
    (packed(*((f"{i}{X}", random.Random(i).randbytes(1 << 18)) for i in range(5))),
     "more than 0.000977 GiB would come out of it"),
    (gzipped(tarred((X, bytes(1 << 19)))), BOMB),
], ids=range(8))
def test_a_students_archive_that_cannot_be_read_stays_a_file(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, why: str) -> None:
    monkeypatch.setattr(budget, "THEIR_ENTRIES", 20)
    monkeypatch.setattr(budget, "THEIR_BYTES", 1 << 20)
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 18)
    read = of_student(tmp_path, data)
    assert contents(read) == {"anna/work.zip": data, f"ben/{X}": b"of ben"}
    assert read.refused == (("anna/work.zip", why),)
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_archives_in_archives_end(tmp_path: Path) -> None:
    data = packed((X, b"1"))
    for _ in range(5):
        data = packed((X, b"1"), ("work.zip", data))
    read = of_student(tmp_path, data)
    assert names(read) == ["anna/work.zip/work.zip/work.zip", f"anna/work.zip/work.zip/{X}",
                           f"anna/work.zip/{X}", f"ben/{X}"]
    assert read.refused == (("anna/work.zip/work.zip/work.zip", TOO_NESTED),)
    (tmp_path / "class.zip").write_bytes(packed(("anna/work.zip", data)))
    assert len(opened(tmp_path / "class.zip", tmp_path / "scratch").files) == 3


def test_one_students_many_bombs_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "THEIR_BYTES", 1 << 20)
    bomb = packed((X, bytes(1 << 18)))
    read = of_student(tmp_path, packed((X, b"1"), *((f"{i}.zip", bomb) for i in range(20))))
    inside = [name for name in names(read) if name.count(".zip/") == 2]
    assert 0 < len(inside) < 5
    assert len(read.refused) == 20 - len(inside)
    assert f"anna/work.zip/{X}" in names(read)
    put(tmp_path / "class", ("cleo/work.zip", packed((X, bytes(1 << 19)))))
    assert f"cleo/work.zip/{X}" in names(opened(tmp_path / "class", tmp_path / "scratch"))


@pytest.mark.parametrize("eve", ["eve/{}.zip", "eve/{}/w.zip", "Eve O_2_assignsubmission_file_{}.zip",
                                 "submitted/eve/he/{}.zip", "odeeve_LATE_501_9{}_w.zip"])
@pytest.mark.parametrize("limit", ["BYTES", "NOTEBOOKS", "ENTRIES", "SECONDS"])
def test_what_one_person_packed_costs_nobody_else(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eve: str, limit: str) -> None:
    clock = iter(range(1_000_000))
    monkeypatch.setattr("time.process_time", lambda: float(next(clock)))
    monkeypatch.setattr(budget, "THEIR_SECONDS", 1e9)
    monkeypatch.setattr(budget, "ALL_SECONDS", 1e9)
    monkeypatch.setattr(budget, f"THEIR_{limit}", {"BYTES": 5 << 16, "SECONDS": 60.0}.get(limit, 5))
    work = packed((X, bytes(1 << 16)))
    ben = eve.replace("eve", "ben").replace("Eve O_2", "Ben U_1").replace("501", "502")
    root = put(tmp_path / "class", *((eve.format(i), work) for i in range(9)), (ben.format(1), work),
               ("README", b""))
    read = opened(root, tmp_path / "scratch")
    inside = [name for name in names(read) if name.endswith(f".zip/{X}")]
    assert f"{ben.format(1)}/{X}" in inside
    assert 1 < len(inside) < 9
    assert len(read.refused) == 10 - len(inside)
    assert all("together with the archives beside it" in why for _, why in read.refused)


def test_all_together_have_a_limit_and_those_who_packed_least_come_first(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "ALL_BYTES", 3 << 16)
    work = packed((X, bytes(1 << 16)))
    root = put(tmp_path / "class", *((f"eve{i}/{j}.zip", work) for i in range(3) for j in range(9)),
               ("zoe/w.zip", work))
    read = opened(root, tmp_path / "scratch")
    inside = [name for name in names(read) if name.endswith(f".zip/{X}")]
    assert len(inside) == 3
    assert f"zoe/w.zip/{X}" in inside
    assert "all that students packed together" in read.refused[0][1]


def test_a_notebook_beside_zeros_without_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 18)
    read = of_student(tmp_path, packed(*((f"{i}.bin", bytes(1 << 18)) for i in range(8)), (X, b"1")))
    there = {file.relative for file in read.files if file.path.exists()}
    assert f"anna/work.zip/{X}" in there
    assert 0 < len(read.refused) < 8
    assert set(read.refused) == {(f"anna/work.zip/{i}.bin", budget.SWELLS) for i in range(8)
                                 if f"anna/work.zip/{i}.bin" not in there}


def test_hostile_names_in_a_students_archive(tmp_path: Path) -> None:
    read = of_student(tmp_path, zipped(Entry(name=b"../ben/x.ipynb", data=b"of anna"),
                                       Entry(name=b"..\\ben\\x.ipynb", data=b"of anna")))
    assert names(read) == ["anna/work.zip", f"ben/{X}"]
    assert {why for _, why in read.refused} == {LEADS_OUT}
    # a folder beside an archive of the same name
    read = of_archive(tmp_path, packed(("cleo/work.zip", packed((X, b"1"))), (f"cleo/work.zip/{X}", b"2")))
    assert sorted(contents(read).values()) == [b"1", b"2"]
    assert len(set(names(read))) == 2


def test_two_archives_of_one_name_are_both_read(tmp_path: Path) -> None:
    read = of_archive(tmp_path, zipped(*(Entry(name=b"anna/work.zip", data=packed((X, data)))
                                         for data in (b"1", b"2"))))
    assert contents(read) == {f"anna/work.zip/{X}": b"1", f"anna/work (2).zip/{X}": b"2"}
    assert read.refused == (("anna/work.zip", AGAIN.format("work (2).zip")),)


def test_several_sources_share_a_scratch_folder(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(packed((X, b"1")))
    (tmp_path / "2").write_bytes(packed((X, b"2")))
    both = [opened(tmp_path / name, tmp_path / "scratch") for name in "12"]
    assert [file.path.read_bytes() for read in both for file in read.files] == [b"1", b"2"]


PARTS = st.sampled_from(["a", "A", "ü", "u\u0308", "x.ipynb", "work.zip", "..", "C:", "", ".", "a b", "سلام",
                         "=1+1", "'", "two\nlines", "x" * 300, "x (2).ipynb"])
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
KINDS = st.sampled_from(["file", "file", "file", "link", "folder"])


def member(name: str, kind: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE}[kind]
    info.linkname, info.size = "../../secret" * (kind == "link"), len(data) * (kind == "file")
    return info, data * (kind == "file")


def as_entry(name: str, kind: str, data: bytes) -> Entry:
    if kind == "folder":
        return Entry(name=f"{name}/".encode())
    return Entry(name=name.encode(), data=data, attributes=SYMLINK if kind == "link" else 0o100644 << 16)


def hopeless(name: str) -> bool:
    """Is it no name for a file?"""
    parts = name.split("/")
    return (name.startswith(("/", "C:")) or ".." in parts or any(len(part.encode()) > 255 for part in parts)
            or not any(part not in ("", ".") for part in parts))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, KINDS), max_size=12), st.booleans(), st.booleans())
def test_whatever_an_archive_holds_each_file_is_found_once_or_refused(
        tmp_path: Path, members: list[tuple[str, str]], tar: bool, nested: bool) -> None:
    work = Path(tempfile.mkdtemp(dir=tmp_path))
    tokens = [(name, kind, b"token %d" % i) for i, (name, kind) in enumerate(members)]
    data = tarred(*(member(*token) for token in tokens)) if tar else zipped(*(as_entry(*t) for t in tokens))
    put(work, ("secret", b"secret"), ("class", packed(("anna/work.zip", data)) if nested else data))
    before = snapshot(work)
    read = opened(work / "class", work / "scratch" / "deep")
    after = {name: seen for name, seen in snapshot(work).items() if not name.startswith("scratch")}
    assert {**after, ".": ()} == {**before, ".": ()}

    assert len(set(names(read))) == len(read.files)
    assert not any(".." in name.split("/") or "\n" in name for name in names(read))
    assert all((file.relative, LINK) in read.refused for file in read.files if not file.path.exists())
    good = [(name, token) for name, kind, token in tokens if kind == "file" and not hopeless(name)]
    files = [file.path.read_bytes() for file in read.files if file.path.exists()]
    if nested and files == [data]:      # it holds no notebook: it is data
        assert not any(".ipynb" in name.rstrip("/.").rpartition("/")[2] for name, _ in good)
    else:
        assert sorted(files) == sorted(token for _, token in good)
        bad = [kind for name, kind, _ in tokens if hopeless(name)]
        told = sum(why in (LEADS_OUT, LONG) for _, why in read.refused)
        assert len(bad) - bad.count("folder") <= told <= len(bad)
