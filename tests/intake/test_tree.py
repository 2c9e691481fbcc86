"""Everything in a source is found once or refused with a reason; the source stays as it is, and nothing is
written outside the scratch folder."""

from __future__ import annotations

import os
import random
import resource
import shutil
import tarfile
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.intake import found, tree
from grader.intake.archives import LINK, UNREAD
from grader.intake.found import DEEP, HIDDEN, NOT_THEIRS
from grader.intake.handed import IntakeError
from grader.intake.tree import CROWDED, opened
from tests.intake.packing import (
    Entry,
    X,
    contents,
    deep,
    gzipped,
    names,
    packed,
    put,
    snapshot,
    tarred,
    zipped,
)


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
               ("feedback", b"a file"), ("gus/work.zip", packed((X, b"9"))), (decomposed, b"10"),
               (f"anna b/{X}", b"11"))
    (root / "hal" / "empty").mkdir(parents=True)
    (root / "hal" / ".cache.ipynb").mkdir()
    before = snapshot(root)
    read = opened(root, tmp_path / "scratch")
    assert contents(read) == {
        f"anna/{X}": b"1", f"anna/deep/er/{X}": b"2", "ben/report.pdf": b"3", f"eve/{X}": b"8",
        f"anna b/{X}": b"11", "feedback": b"a file", f"gus/work.zip/{X}": b"9", decomposed: b"10"}
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


@pytest.fixture
def apart() -> Iterator[Path]:
    """A folder of somebody whom the system lets not read everything, who runs the test."""
    folder, owner = Path(tempfile.mkdtemp(dir="/tmp")), os.geteuid()
    folder.chmod(0o777)
    if owner == 0:
        os.seteuid(65534)
    yield folder
    if owner == 0:
        os.seteuid(0)
    (folder / "class").chmod(0o700)
    for name in ("anna", f"ben/{X}", "dora/inner", "eve/work.zip"):
        (folder / "class" / name).chmod(0o700)
    shutil.rmtree(folder)


def test_what_is_closed_does_not_keep_others_from_their_marks(apart: Path) -> None:
    root = put(apart / "class", (f"anna/{X}", b"1"), (f"ben/{X}", b"2"), (f"cleo/{X}", b"3"),
               (f"dora/inner/{X}", b"4"), ("eve/work.zip", packed((X, b"5"))))
    for name in ("anna", f"ben/{X}", "dora/inner", "eve/work.zip"):
        (root / name).chmod(0)
    read = opened(root, apart / "scratch")
    assert names(read) == [f"ben/{X}", f"cleo/{X}", "eve/work.zip"]
    assert read.refused == (("anna", f"{UNREAD}: Permission denied"), (f"ben/{X}", UNREAD),
                            ("dora/inner", f"{UNREAD}: Permission denied"), ("eve/work.zip", UNREAD))
    assert read.empty == ("anna", "dora", "dora/inner")     # so that they have a row
    root.chmod(0)
    for source in (root, root / "anna"):
        with pytest.raises(IntakeError, match=r"class.*Permission denied"):
            opened(source, apart / "scratch")


def test_a_deep_folder_and_a_crowded_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_HERE", 10)
    root = put(tmp_path / "class", (f"anna/{X}", b"1"), (f"cleo/{X}", b"2"),
               *((f"cleo/{i}.txt", b"") for i in range(10)),
               *((f"dora/frames/{i}.png", b"") for i in range(11)))
    deep(root)
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
], ids=range(8))
def test_the_tutors_own_archive_that_cannot_be_read(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, says: str) -> None:
    monkeypatch.setattr(tree, "MAX_ENTRIES", 20)
    monkeypatch.setattr(tree, "MAX_BYTES", 1 << 20)
    (tmp_path / "class.zip").write_bytes(data)
    with pytest.raises(IntakeError, match=says) as error:
        opened(tmp_path / "class.zip", tmp_path / "scratch")
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{tmp_path}/class.zip: ")
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_the_tutor_may_name_a_link(tmp_path: Path) -> None:
    put(tmp_path, (f"class/{X}", b"1"), ("class.zip", packed((X, b"1"))))
    for name in ("class", "class.zip"):
        (tmp_path / "link").symlink_to(name)
        assert contents(opened(tmp_path / "link", tmp_path / "scratch")) == {X: b"1"}
        (tmp_path / "link").unlink()


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


def test_a_file_lies_beside_the_folder_that_holds_what_was_submitted(tmp_path: Path) -> None:
    there = put(tmp_path, ("notes.txt", b""), (f"course/submitted/ada/he_init/{X}", b"{}"))
    assert f"course/submitted/ada/he_init/{X}" in names(opened(there, tmp_path.parent / "scratch"))
