"""Everything in a source is found once or refused with a reason; the source stays as it is, and nothing is
written outside the scratch folder."""

from __future__ import annotations

import os
import random
import resource
import shutil
import tarfile
import tempfile
import traceback
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake import archives, found, tree
from grader.intake.archives import BOMB, DAMAGED, ENCRYPTED, LINK, OVERLAPPING, UNREAD
from grader.intake.found import DEEP, HIDDEN, LEADS_OUT, LONG, NOT_THEIRS
from grader.intake.handed import File, IntakeError, Tree
from grader.intake.tree import CROWDED, TOO_NESTED, opened
from tests.intake.packing import SYMLINK, Entry, gzipped, packed, tarred, zipped

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


def of_archive(tmp_path: Path, data: bytes) -> Tree:
    (tmp_path / "class.zip").write_bytes(data)
    return opened(tmp_path / "class.zip", tmp_path / "scratch")


def of_student(tmp_path: Path, data: bytes, name: str = "work.zip") -> Tree:
    """A class of two: anna hands in an archive, ben a notebook."""
    put(tmp_path / "class", (f"anna/{name}", data), (f"ben/{X}", b"of ben"))
    read = opened(tmp_path / "class", tmp_path / "scratch")
    assert File(relative=f"ben/{X}", path=tmp_path / "class" / "ben" / X) in read.files
    return read


def snapshot(root: Path) -> dict[str, tuple[int, int, bytes]]:
    return {str(path.relative_to(root)): (path.lstat().st_mode, path.lstat().st_mtime_ns,
                                          path.read_bytes() if path.is_file() else b"")
            for path in (root, *root.rglob("*"))}


def as_zip(folder: Path, target: Path) -> None:
    shutil.make_archive(str(target), "zip", folder)
    target.with_suffix(".zip").rename(target)


def as_tar(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as archive:
        archive.add(folder, ".")


def as_tar_gz(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, "")


@pytest.mark.parametrize("pack", [as_zip, as_tar, as_tar_gz])
def test_a_folder_and_its_archive_are_read_alike(
        tmp_path: Path, pack: Callable[[Path, Path], None]) -> None:
    decomposed = unicodedata.normalize("NFD", "Jörg/größe.csv")
    root = put(tmp_path / "class", (f"anna/{X}", b"1"), (f"anna/deep/er/{X}", b"2"), ("ben/report.pdf", b"3"),
               (f"cleo/.{X}", b"4"), (f"cleo/.idea/{X}", b"5"), ("cleo/.idea/workspace.xml", b""),
               (f"dora/.ipynb_checkpoints/{X}", b""), ("dora/__pycache__/a.pyc", b""), (f"dora/._{X}", b""),
               (f"__MACOSX/a/._{X}", b""), (f"dora/feedback/{X}", b"6"), ("eve/.git/HEAD", b"7"),
               (f"eve/{X}", b"8"), ("fred/repo/.git", b"gitdir: elsewhere"), (".DS_Store", b""),
               ("feedback", b"a file"), ("gus/work.zip", packed((X, b"9"))), (decomposed, b"10"))
    (root / "hal" / "empty").mkdir(parents=True)
    before = snapshot(root)
    read = opened(root, tmp_path / "scratch")
    assert contents(read) == {
        f"anna/{X}": b"1", f"anna/deep/er/{X}": b"2", "ben/report.pdf": b"3", f"eve/{X}": b"8",
        "feedback": b"a file", f"gus/work.zip/{X}": b"9", decomposed: b"10"}
    assert names(read) == sorted(names(read), key=lambda name: name.split("/"))
    assert read.empty == ("cleo", "dora", "fred", "fred/repo", "hal", "hal/empty")
    assert read.refused == ((f"cleo/.idea/{X}", HIDDEN), (f"cleo/.{X}", HIDDEN),
                            ("dora/feedback", NOT_THEIRS))
    assert read.gits == ("eve", "fred/repo")
    assert snapshot(root) == before

    pack(root, tmp_path / "without a suffix")
    before = snapshot(tmp_path / "without a suffix")
    again = opened(tmp_path / "without a suffix", tmp_path / "scratch")
    assert contents(again) == contents(read)
    assert (again.empty, again.refused, again.gits) == (read.empty, read.refused, read.gits)
    assert snapshot(tmp_path / "without a suffix") == before


def test_a_checkout_is_a_source(tmp_path: Path) -> None:
    assert opened(put(tmp_path / "repo", (".git/HEAD", b""), (X, b"1")), tmp_path / "scratch").gits == ("",)


def test_links_pipes_and_folders_that_are_called_like_notebooks(tmp_path: Path) -> None:
    root = put(tmp_path / "class", (f"anna/{X}", b"1"))
    secret = put(tmp_path, ("secret/secret.txt", b"secret")) / "secret"
    for student in ("link", "loop", "pipe", "dir", "full"):
        (root / student).mkdir()
    (root / "link" / X).symlink_to(secret / "secret.txt")
    (root / "loop" / X).symlink_to(X)
    os.mkfifo(root / "pipe" / X)
    (root / "dir" / X).mkdir()
    put(root, (f"full/{X}/{X}", b"2"))
    (root / "elsewhere").symlink_to(secret)
    (root / "link" / "work.zip").symlink_to(root / "anna" / X)
    read = opened(root, tmp_path / "scratch")
    assert names(read) == [f"anna/{X}", f"dir/{X}", f"full/{X}/{X}", "link/work.zip", f"link/{X}",
                           f"loop/{X}", f"pipe/{X}"]
    assert all(file.path == root / file.relative for file in read.files)
    assert read.refused == (("elsewhere", LINK), ("link/work.zip", UNREAD))


def test_names_are_text_that_a_file_and_a_terminal_can_hold(tmp_path: Path) -> None:
    root = tmp_path / "class"
    root.mkdir()
    for name in (b"\xff.ipynb", b"\\xff.ipynb", b"two\nlines.ipynb", b"\x1b[31mred.ipynb"):
        (root / os.fsdecode(name)).write_bytes(name)
    (root / "line\u2028.ipynb").write_bytes(b"")
    read = opened(root, tmp_path / "scratch")
    assert names(read) == [r"\x1b[31mred.ipynb", r"\xff (2).ipynb", r"\xff.ipynb", r"line\u2028.ipynb",
                           r"two\nlines.ipynb"]
    assert [file.path.read_bytes() for file in read.files][1:3] == [b"\xff.ipynb", b"\\xff.ipynb"]


def apart(test: Callable[[Path], None]) -> None:
    """Run a test as somebody whom the system lets not read everything."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    try:
        child = os.fork()
        if not child:
            try:
                if os.getuid() == 0:
                    os.setuid(65534)
                test(folder)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        for path in folder.rglob("*"):
            path.chmod(0o700)
        shutil.rmtree(folder)


def closed(folder: Path) -> None:
    root = put(folder / "class", (f"anna/{X}", b"1"), (f"ben/{X}", b"2"), (f"cleo/{X}", b"3"),
               (f"dora/inner/{X}", b"4"), ("eve/work.zip", packed((X, b"5"))))
    for name in ("anna", f"ben/{X}", "dora/inner", "eve/work.zip"):
        (root / name).chmod(0)
    read = opened(root, folder / "scratch")
    assert names(read) == [f"ben/{X}", f"cleo/{X}", "eve/work.zip"]
    assert read.refused == (("anna", f"{UNREAD}: Permission denied"), (f"ben/{X}", UNREAD),
                            ("dora/inner", f"{UNREAD}: Permission denied"), ("eve/work.zip", UNREAD))
    root.chmod(0)
    for source in (root, root / "anna"):
        with pytest.raises(IntakeError, match=r"class.*Permission denied"):
            opened(source, folder / "scratch")


def test_what_is_closed_does_not_keep_others_from_their_marks() -> None:
    apart(closed)


def test_a_deep_folder_and_a_crowded_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_HERE", 10)
    root = put(tmp_path / "class", (f"anna/{X}", b"1"), (f"cleo/{X}", b"2"),
               *((f"cleo/{i}.txt", b"") for i in range(10)),
               *((f"dora/frames/{i}.png", b"") for i in range(11)))
    here = os.open(root, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 255, dir_fd=here)
        there = os.open("d" * 255, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)
    put(root, ("eve/" + "d/" * found.MAX_DEPTH + X, b""))
    read = opened(root, tmp_path / "scratch")
    assert names(read) == [f"anna/{X}", f"cleo/{X}"]
    refused = dict(read.refused)
    assert refused.pop("cleo") == refused.pop("dora/frames") == CROWDED
    assert refused.pop("eve" + "/d" * found.MAX_DEPTH) == DEEP
    (name, why), = refused.items()
    assert len(name) <= tree.MAX_SHOWN + 1
    assert why == f"{UNREAD}: File name too long"


def test_a_source_with_far_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_SEEN", 5)
    root = put(tmp_path / "class", *((f"{i}/{X}", b"") for i in range(3)))
    with pytest.raises(IntakeError, match="more than 5 files; give the folder that holds the submissions"):
        opened(root, tmp_path / "scratch")


@pytest.mark.parametrize(("data", "says"), [
    (b"name,grade\n", "no zip, tar or tar.gz; give one of these, or the folder"),
    (packed((X, b"1" * 500))[:-30], "it is damaged or breaks off; download it again"),
    (gzipped(tarred((X, b"1" * 500)))[:-30], "it is damaged or breaks off; download it again"),
    (tarred((X, b"1" * 500))[:700], "it is damaged or breaks off; download it again"),
    (zipped(Entry(name=b"x", flags=1)), "it is encrypted; unpack it yourself and give the folder"),
    (packed(*((str(i), b"") for i in range(21))), "it has more than 20 entries; unpack it yourself"),
    (packed(("a", random.Random(1).randbytes(1 << 21))), "would come out of it; unpack it yourself"),
    (zipped(Entry(name=b"x"), Entry(name=b"x", again=0)), "overlap, as in a zip bomb; unpack it yourself"),
])
def test_the_tutors_own_archive_that_cannot_be_read(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, says: str) -> None:
    monkeypatch.setattr(tree, "MAX_ENTRIES", 20)
    monkeypatch.setattr(tree, "MAX_BYTES", 1 << 20)
    with pytest.raises(IntakeError, match=says) as error:
        of_archive(tmp_path, data)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{tmp_path}/class.zip: ")
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_no_such_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("nothing", "pipe"):
        with pytest.raises(IntakeError, match=f"{name}: no such folder or archive"):
            opened(tmp_path / name, tmp_path / "scratch")


def test_a_full_disk_is_the_tutors_and_nobodys_fault(tmp_path: Path) -> None:
    put(tmp_path / "class", ("anna/work.zip", packed((X, random.Random(1).randbytes(1 << 16)))))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, limits[1]))
    try:
        with pytest.raises(IntakeError, match=r"no room in .*scratch.* unpack it yourself"):
            opened(tmp_path / "class", tmp_path / "scratch")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


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


def test_an_archive_without_a_notebook_is_data_and_stays_what_it_is(tmp_path: Path) -> None:
    data = packed(("train.csv", b"1"), ("more.zip", packed(("test.csv", b"2"))), ("folder/", b""))
    root = put(tmp_path / "class", ("anna/data.zip", data), ("anna/images.gz", gzipped(b"3" * 1000)),
               ("anna/weights.pth", packed(("a.ipynb", b""))), ("anna/data.tar", tarred(("a.csv", b"4"))))
    read = opened(root, tmp_path / "scratch")
    assert [(file.relative, file.path) for file in read.files] == [
        (f"anna/{name}", root / "anna" / name)
        for name in ("data.tar", "data.zip", "images.gz", "weights.pth")]
    assert not read.refused
    assert not read.empty
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


@pytest.mark.parametrize(("data", "why"), [
    (packed((X, b"1" * 500))[:-30], DAMAGED),
    (zipped(Entry(name=X.encode(), flags=1)), ENCRYPTED),
    (zipped(Entry(name=X.encode()), Entry(name=X.encode(), again=0)), OVERLAPPING),
    (b"Rar!\x1a\x07\x01", archives.KIND),
    (b"", archives.KIND),
    (packed(*((f"{i}.ipynb", b"") for i in range(21))), "it has more than 20 entries"),
    (packed(*((f"{i}{X}", bytes(1 << 18)) for i in range(5))), "more than 0.000977 GiB would come out of it"),
    (gzipped(tarred((X, bytes(1 << 19)))), BOMB),
])
def test_a_students_archive_that_cannot_be_read_stays_a_file(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, why: str) -> None:
    monkeypatch.setattr(tree, "THEIR_ENTRIES", 20)
    monkeypatch.setattr(tree, "THEIR_BYTES", 1 << 20)
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
    monkeypatch.setattr(tree, "THEIR_BYTES", 1 << 20)
    bomb = packed((X, bytes(1 << 18)))
    read = of_student(tmp_path, packed((X, b"1"), *((f"{i}.zip", bomb) for i in range(20))))
    inside = [name for name in names(read) if name.count(".zip/") == 2]
    assert 0 < len(inside) < 5
    assert len(read.refused) == 20 - len(inside)
    assert f"anna/work.zip/{X}" in names(read)
    put(tmp_path / "class", ("cleo/work.zip", packed((X, bytes(1 << 19)))))
    assert f"cleo/work.zip/{X}" in names(opened(tmp_path / "class", tmp_path / "scratch"))


def test_hostile_names_in_a_students_archive(tmp_path: Path) -> None:
    read = of_student(tmp_path, zipped(Entry(name=b"../ben/x.ipynb", data=b"of anna"),
                                       Entry(name=b"..\\ben\\x.ipynb", data=b"of anna")))
    assert names(read) == ["anna/work.zip", f"ben/{X}"]
    assert {why for _, why in read.refused} == {LEADS_OUT}
    # a folder beside an archive of the same name
    read = of_archive(tmp_path, packed(("cleo/work.zip", packed((X, b"1"))), (f"cleo/work.zip/{X}", b"2")))
    assert sorted(contents(read).values()) == [b"1", b"2"]
    assert len(set(names(read))) == 2


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
