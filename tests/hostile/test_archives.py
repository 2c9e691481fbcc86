"""Hostile archives, handed in by students and as a whole class, beside honest ones: what `tests/intake` shows of
each kind by itself, through a whole batch behind the wall."""

# ruff: noqa: E501 - what students pack is as wide as they pack it

from __future__ import annotations

import stat
import tarfile
import tempfile
from pathlib import Path

import pytest

from grader import commands, records
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import SandboxUnavailable
from grader.keep.gradebook import Gradebook
from grader.options import Options
from tests.conftest import CELLS, write_exercise
from tests.hostile.test_beside import Quiet
from tests.intake.packing import SYMLINK, Entry, gzipped, packed, snapshot, tarred, zipped
from tests.notebooks import notebook

pytestmark = pytest.mark.timeout(300)
RIGHT = notebook(*CELLS).encode()
N = "doubling.ipynb"
SECRET = "a-secret-of-the-tutor"
Packed = tuple[Path, dict[str, records.Result], list[str]]  # where, what came of it, what was said


def linked(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


# What one student packs, and what they get: 6 where one right notebook is plainly theirs.
ARCHIVES: dict[str, tuple[bytes, float | None]] = {
    "slip-up": (packed(("../../../zoe/doubling.ipynb", b"{}"), (N, RIGHT)), 6.0),
    "slip-absolute": (packed(("/tmp/grader-was-here", b"x"), (N, RIGHT)), 6.0),
    "slip-backslash": (packed(("..\\..\\grader-was-here", b"x"), (N, RIGHT)), 6.0),
    "slip-drive": (packed(("C:\\grader-was-here", b"x"), ("C:/grader-was-here", b"x"), (N, RIGHT)), 6.0),
    "slip-tar": (tarred(("../../grader-was-here", b"x"), ("/tmp/grader-was-here", b"x"), (N, RIGHT)), 6.0),
    "slip-through-a-link": (tarred((linked("up", tarfile.SYMTYPE, "../.."), b""), ("up/grader-was-here", b"x"),
                                   (N, RIGHT)), 6.0),
    "link-for-a-notebook": (zipped(Entry(name=N.encode(), data=b"../../secret", attributes=SYMLINK)), 0.0),
    "hard-link-for-a-notebook": (tarred((linked(N, tarfile.LNKTYPE, "../../../secret"), b"")), 0.0),
    "links-beside": (tarred((linked("data.csv", tarfile.SYMTYPE, "/etc/passwd"), b""), (N, RIGHT)), 6.0),
    "devices": (tarred((linked("disk", tarfile.BLKTYPE, ""), b""), (linked("pipe", tarfile.FIFOTYPE, ""), b""),
                       (linked("tty", tarfile.CHRTYPE, ""), b""), (N, RIGHT)), 6.0),
    "a-pipe-for-a-notebook": (zipped(Entry(name=N.encode(), attributes=stat.S_IFIFO << 16)), 0.0),
    "bomb": (packed((N, RIGHT), ("zeros.csv", bytes(64 << 20))), 6.0),
    "bomb-for-a-notebook": (packed((N, bytes(64 << 20))), 0.0),
    "bomb-in-a-tar": (gzipped(tarred(("zeros.csv", bytes(64 << 20)), (N, RIGHT))), None),
    "bomb-that-shares-its-bytes": (zipped(Entry(name=b"a", data=bytes(1 << 20), deflated=True),
                                          *(Entry(name=b"%d" % i, data=bytes(1 << 20), deflated=True, again=0)
                                            for i in range(99))), None),
    "zip-in-a-zip": (packed((N, RIGHT), ("more.zip", packed(("more.zip", packed(("../x", b"x")))))), 6.0),
    "zip-in-a-zip-alone": (packed(("work.zip", packed(("work.zip", packed((N, RIGHT)))))), None),
    "names-with-line-ends": (packed(("a\n::error::b.py", b""), ("a\rb.py", b""), (N, RIGHT)), 6.0),
    "names-with-marks": (packed(("\u202egnp.py", b""), ("\u2066x.py", b""), ("\x1b[2J.py", b""), (N, RIGHT)), 6.0),
    "names-of-every-length": (packed(("n" * 255 + ".py", b""), ("d/" * 300 + "x.py", b""), (N, RIGHT)), 6.0),
    "names-alike": (packed(("A.py", b"1"), ("a.py", b"2"), ("e\u0301.py", b"3"), ("\u00e9.py", b"4"), (N, RIGHT)), 6.0),
    "names-twice": (zipped(Entry(name=N.encode(), data=RIGHT), Entry(name=N.encode(), data=b"{}")), None),
    "names-of-bytes": (zipped(Entry(name=b"\xff\xfe.py"), Entry(name=N.encode(), data=RIGHT)), 6.0),
    "encrypted": (zipped(Entry(name=N.encode(), data=RIGHT, flags=1)), 0.0),
    "truncated": (packed((N, RIGHT))[:-40], 0.0),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    root = tmp_path_factory.mktemp("archives")
    write_exercise(root / "exercises" / "doubling")
    (root / "secret").write_text(SECRET)
    for student, content in {**{name: data for name, (data, _) in ARCHIVES.items()}, "ada": packed((N, RIGHT)),
                             "zoe": packed((N, RIGHT))}.items():
        (root / "in" / student).mkdir(parents=True)
        (root / "in" / student / "work.zip").write_bytes(content)
    return root, *batch(root, root / "in")


def batch(root: Path, source: Path) -> tuple[dict[str, records.Result], list[str]]:
    said: list[str] = []
    options = Options(exercises=root / "exercises", exercise="doubling", jobs=2)
    before = {name: there for name, there in snapshot(root).items() if name != "."}
    try:
        with tempfile.TemporaryDirectory() as spare, pytest.MonkeyPatch.context() as patched, \
                open_sandbox("bubblewrap") as sandbox:
            patched.setattr(tempfile, "tempdir", spare)
            commands.batch([source], root / "out", options, sandbox, Quiet(said))
            assert not list(Path(spare).iterdir())
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    after = {name: there for name, there in snapshot(root).items() if name.split("/")[0] not in (".", "out")}
    assert after == before
    with Gradebook(root / "out" / "gradebook.sqlite") as book:
        return {entry.result.student: entry.result for entry in book.entries()}, said


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_a_student_packs_is_read_or_named(graded: Packed, name: str) -> None:
    _, results, said = graded
    wanted = ARCHIVES[name][1]
    if wanted is not None or name in results:
        assert results[name].status is not records.Status.WITHHELD
        assert results[name].score == wanted or wanted is None, results[name].reason
    else:
        assert [line for line in said if name in line]


def test_it_costs_nobody_else_anything(graded: Packed) -> None:
    root, results, said = graded
    assert [results[student].score for student in ("ada", "zoe")] == [6.0, 6.0]
    assert not [line for line in said if line.startswith(("ada", "zoe")) or "\n" in line or "\x1b" in line]
    assert not [path for path in (root / "out").rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    for folder in ("/", "/tmp", str(root), str(root / "out"), str(root.parent)):
        assert not Path(folder, "grader-was-here").exists()


# A whole class in one archive, as no LMS packs it.
PEOPLE = ("ada", "..", ".", "a\nb", "\u202egnp", "n" * 255, "Zoe", "zoe", "a\\b", "-rf", " ", "con", "~", "\x1b[2J")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_class_of_hostile_names_in_one_archive(tmp_path: Path, kind: str) -> None:
    write_exercise(tmp_path / "exercises" / "doubling")
    files = [(f"class/{person}/{N}", RIGHT) for person in PEOPLE] + [(f"class/{'../' * 9}tmp/grader-was-here", b"x")]
    data = packed(*files) if kind == "zip" else tarred(*files)
    (tmp_path / f"class.{kind}").write_bytes(data)
    results, said = batch(tmp_path, tmp_path / f"class.{kind}")
    assert results["ada"].score == 6.0
    assert {result.score for result in results.values()} == {6.0}
    assert "Zoe" in results
    assert "zoe" in results
    assert ".." not in results
    assert [line for line in said if ".." in line]
    assert not Path("/tmp/grader-was-here").exists()
    assert not [line for line in said if "\x1b" in line or "\n" in line]
