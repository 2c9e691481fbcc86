"""What was recorded stays: through SIGKILL, a full disk, a read-only folder and two writers at once."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.files import replace_file
from grader.keep.gradebook import Gradebook
from tests.conftest import CELLS, write_exercise
from tests.keep.writer import PAYLOAD, write
from tests.notebooks import notebook


def child(act: str, *words: object) -> list[str]:
    """A process of this module's."""
    return [sys.executable, "-m", "tests.keep.test_durability", act, *map(str, words)]


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tests.keep.writer", str(path), name, str(count)],
                            stdout=subprocess.PIPE, text=True)


def found(path: Path) -> set[str]:
    """What a gradebook has, in the words of `write`; everything else in it is whole."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    with Gradebook(path) as book:
        told = {event.student for event in book.desk.events() if event.what == "graded"}
        entries = {entry.key[0]: entry for entry in book.entries()}
        assert told == entries.keys(), "a mark and its event are one"
        assert all(entry.notebook == f"{student} {PAYLOAD}" and len(entry.result.checks) == 2
                   for student, entry in entries.items())
        return {f"recorded {student}" for student in entries} | {
            f"marked {one.student}" for one in book.desk.overrides()}


def killed(path: Path, name: str, after: float) -> set[str]:
    """What a writer said before it was killed; a line that it was cut off in says nothing."""
    with writer(path, name, 10_000) as process:
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    return {line.strip() for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")}


@pytest.mark.parametrize("times", [20, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(3600)
def test_who_is_killed_has_lost_nothing_that_was_recorded(tmp_path: Path, times: int) -> None:
    path, draw, said = tmp_path / "gradebook.sqlite", random.Random(times), set[str]()
    for number in range(times):
        said |= killed(path, f"w{number}", draw.uniform(0.0, 0.1))
        missing = said - found(path)
        assert not missing
    assert len(said) > 2 * times, "or it was always killed too early to show anything"


def test_two_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.sqlite"
    writers = [writer(path, name, 40) for name in ("one", "two", "three")]
    said = {line for each in writers for line in each.communicate()[0].splitlines()}
    assert [each.returncode for each in writers] == [0, 0, 0]
    assert len(said) == 3 * 40 * 2
    assert found(path) == said


def in_a_small_place(tmp_path: Path, act: str) -> str:
    """What is said where the folder is a file system of its own, of 600 kB."""
    place = tmp_path / "small"
    place.mkdir()
    script = f'mount -t tmpfs -o size=600k tmpfs "{place}" && exec "$@"'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *child(act, place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"no file systems of one's own here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def fill(place: Path) -> None:
    """Write until nothing fits any more, then make room and see what is there."""
    path, ballast = place / "gradebook.sqlite", place / "ballast"
    ballast.write_bytes(bytes(200_000))
    try:
        write(path, "w", 10_000)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    ballast.unlink()
    print(sorted(found(path)))
    ballast.write_bytes(b"")
    try:
        while True:
            with ballast.open("ab") as file:
                file.write(bytes(4096))
    except OSError:
        command("report", place)
    ballast.unlink()
    command("report", place)


def command(*words: object) -> None:
    result = CliRunner().invoke(main, [str(word) for word in words])
    print(f"{words[0]} {result.exit_code}: {result.output.splitlines()[0] if result.exit_code else ''}")


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare here")
def test_a_full_disk_is_one_line_that_says_where_and_loses_nothing(tmp_path: Path) -> None:
    said = in_a_small_place(tmp_path, "fill").splitlines()
    done = [line for line in said if line.startswith(("recorded", "marked"))]
    why, kept, full, room = said[len(done):]
    path = tmp_path / "small" / "gradebook.sqlite"
    assert why == f"GradebookError: {path}: database or disk is full"
    assert kept == str(sorted(done))
    assert done
    assert full.startswith("report 2: grader: ")
    assert str(path.parent) in full
    assert room == "report 0: "


def lock(place: Path) -> None:
    """Say what each command says of a folder in which nobody may write."""
    write(place / "gradebook.sqlite", "w", 1)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    command("override", place, "w-0", "x", "b", "--points", 1)
    command("report", place)
    command("export", place, "--format", "csv")
    subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    print(sorted(found(place / "gradebook.sqlite")))


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare here")
def test_a_read_only_folder_is_one_line_that_says_where(tmp_path: Path) -> None:
    place = tmp_path / "small"
    _, _, *told, kept = in_a_small_place(tmp_path, "lock").splitlines()
    assert told == [f"{name} 2: grader: {place}/gradebook.sqlite: its folder is read-only: copy it to where "
                    "you may write" for name in ("override", "report", "export")]
    assert kept == "['marked w-0', 'recorded w-0']"


def test_a_file_that_does_not_fit_is_told_by_its_name_and_the_old_one_stays(tmp_path: Path) -> None:
    path, limits = tmp_path / "index.html", resource.getrlimit(resource.RLIMIT_FSIZE)
    replace_file(path, "old")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            replace_file(path, b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.filename == str(path)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("index.html", "old")]


def hold(out: Path) -> None:
    """Be at work in a folder, until somebody kills this."""
    from grader.keep.claim import at_work

    with at_work(out):
        print("at work", flush=True)
        time.sleep(600)


def test_a_second_batch_is_refused_while_one_is_at_work_and_goes_on_once_that_is_dead(tmp_path: Path) -> None:
    write_exercise(tmp_path / "exercises" / "doubling")
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "doubling.ipynb").write_text(notebook(*CELLS))
    out = tmp_path / "out"
    out.mkdir()
    words = ["batch", str(tmp_path / "in"), "--out", str(out), "--exercises", str(tmp_path / "exercises"),
             "--sandbox", "process"]
    with subprocess.Popen(child("hold", out), stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        assert first.stdout.readline() == "at work\n"
        second = CliRunner().invoke(main, words)
        assert second.exit_code == 2
        assert second.output.splitlines()[-1] == (
            f"grader: {out}: another grader is at work in this folder (process {first.pid}); wait until it "
            "is done, or stop it")
        assert not (out / "gradebook.sqlite").exists(), "nothing was begun"
        first.send_signal(signal.SIGKILL)
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, "1 to grade" in done.output) == (0, True), done.output


if __name__ == "__main__":
    {"fill": fill, "lock": lock, "hold": hold}[sys.argv[1]](Path(sys.argv[2]))
