"""A batch that is killed, at whatever moment, and begun again."""

from __future__ import annotations

import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import write_exercise
from tests.notebooks import notebook
from tests.observed import plain
from tests.sandboxes import walled

ANSWERS = "x + x", "x * x", "x +", "[x][1]"     # right, wrong, no Python, an error
WHEN = "at", "recorded_at", "graded_at", "made_at"
LOCKS = "gradebook.lock", "pages.lock"
BEGAN = re.compile(r"\[\d+/\d+\] (\w+) doubling: ")
SECONDS = re.compile(rb'"(?:seconds|cpu_seconds|held_up|slowest)":[0-9.e-]+')    # how long something took


@pytest.fixture
def wall() -> None:
    """Skips where there can be none: what is killed is a batch as a course runs it."""
    with walled():
        pass


def batch(place: Path, out: str) -> subprocess.Popen[str]:
    words = ["batch", place / "in", "--out", place / out, "--exercises", place / "exercises", "--seed", 7,
             "--jobs", 1]
    return subprocess.Popen([sys.executable, "-m", "grader", *map(str, words)], text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def whole(place: Path, out: str) -> list[str]:
    """Whom a batch runs that nobody disturbs."""
    with batch(place, out) as process:
        _, said = process.communicate()
    assert process.returncode == 0, said
    return BEGAN.findall(said)


def killed(place: Path, after: int, seconds: float) -> list[str]:
    """Whom a batch has recorded, by its own word, that is killed some time after so many of them."""
    with batch(place, "killed") as process:
        assert process.stderr
        said = ""
        while len(BEGAN.findall(said)) < after and (line := process.stderr.readline()):
            said += line
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said += process.stderr.read()
    return BEGAN.findall(said)


def recorded(place: Path, aside: Path) -> list[str]:
    """Whose submissions the gradebook has, looked at in a copy: what a batch finds, nobody has mended."""
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for file in (place / "killed").glob("gradebook.sqlite*"):
        shutil.copy(file, aside)
    if not (aside / "gradebook.sqlite").exists():
        return []
    with closing(sqlite3.connect(aside / "gradebook.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchall():
            return []
        return [who for who, in db.execute("SELECT student FROM events WHERE what = 'graded' ORDER BY id")]


def content(out: Path) -> dict[str, object]:
    """All that a batch has written, without what says when, how long, and by which process."""
    found: dict[str, object] = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        name = path.relative_to(out).as_posix()
        if name not in LOCKS and not name.startswith("gradebook.sqlite"):
            found[name] = path.read_bytes() if path.suffix != ".parcel" else SECONDS.sub(b"", plain(path))
    with closing(sqlite3.connect(out / "gradebook.sqlite")) as db:
        for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = db.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in rows.description]
            found[f"table {table}"] = sorted(
                repr([value for name, value in zip(names, row, strict=True) if name not in WHEN])
                for row in rows)
    return found


@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize("times", [5, pytest.param(40, marks=pytest.mark.long)])
@pytest.mark.timeout(7200)
def test_a_batch_that_is_killed_goes_on_as_if_nothing_had_been(tmp_path: Path, times: int) -> None:
    write_exercise(tmp_path / "exercises" / "doubling")
    for number in range(times + 2):
        place = tmp_path / "in" / f"s{number:02}"
        place.mkdir(parents=True)
        (place / "doubling.ipynb").write_text(notebook(
            "import torch", f"def double(x):\n    return {ANSWERS[number % 4]}",
            "def halve(x):\n    return x / 2", f"print({number})"))
    began = time.monotonic()
    everybody = whole(tmp_path, "whole")
    lasts = time.monotonic() - began
    assert len(everybody) == times + 2

    draw, there = random.Random(times), list[str]()
    for _ in range(times):
        # at any moment of a batch; or at once after somebody, which says that it came so far
        after = draw.choice([0, 1, 1, 1])
        ran = killed(tmp_path, after, draw.uniform(0.0, lasts if not after else 0.3 * lasts / times))
        now = recorded(tmp_path, tmp_path / "aside")
        assert not {*ran} & {*there}, "run again though it was recorded"
        assert now[:len(there)] == there, "lost"
        assert {*ran} <= {*now}, "said to be recorded"
        there = now
    assert there, "or it was always killed too early to show anything"
    assert not {*whole(tmp_path, "killed")} & {*there}
    assert sorted(recorded(tmp_path, tmp_path / "aside")) == sorted(everybody), "each once"
    assert content(tmp_path / "killed") == content(tmp_path / "whole")
