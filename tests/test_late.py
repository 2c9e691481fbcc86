"""A course with deadlines, from the first download to the last change of a rule, by the real commands."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader import commands
from grader.cli import main
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox
from grader.options import Options
from grader.report.console import Lines
from tests.conftest import write_exercise
from tests.notebooks import notebook

RULES = """timezone = "Europe/Berlin"

[rules]
per_day = 0.1
hidden = "after due"

[[exercise]]
name = "doubling"
due = {due}
"""
RIGHT = "def double(x):\n    return x + x\n\ndef halve(x):\n    return x / 2"
WRONG = "def double(x):\n    return x * x\n\ndef halve(x):\n    return x / 2"
PAST = "2020-11-20T23:59:00"
HALF = "halve(x) is x"


def grader(*words: object) -> str:
    done = CliRunner().invoke(main, list(map(str, words)), env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def handed_in(folder: Path, student: str, source: str, at: str) -> None:
    place = folder / "submitted" / student / "doubling"
    place.mkdir(parents=True, exist_ok=True)
    (place / "doubling.ipynb").write_text(notebook(source))
    (place / "timestamp.txt").write_text(f"{at}\n")


def line(folder: Path, student: str) -> dict[str, Any]:
    found = map(json.loads, (folder / "reports" / "results.jsonl").read_text().splitlines())
    return next(one for one in found if one["student"] == student)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox("process") as sandbox:
        yield sandbox


def test_a_course_with_deadlines(tmp_path: Path, sandbox: Sandbox,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    write_exercise(tmp_path / "exercises" / "doubling")

    def batch(extensions: Path | None = None) -> str:
        options = Options(exercises=tmp_path / "exercises", jobs=1, extensions=extensions)
        commands.batch([tmp_path / "submitted"], tmp_path / "reports", options, sandbox, Lines())
        return capsys.readouterr().err
    rules = tmp_path / "exercises" / "course.toml"
    rules.write_text(RULES.format(due="2999-01-01T00:00:00"))
    handed_in(tmp_path, "ada", RIGHT, "2020-11-22 00:59:00 UTC")
    handed_in(tmp_path, "ben", WRONG, "2020-11-20 10:00:00 UTC")
    batch()

    # before the deadline no student is told of a hidden check
    report = tmp_path / "reports" / "ada" / "doubling.html"
    assert "4 / 4" in report.read_text().replace("<span>", "")
    assert HALF not in report.read_text()
    assert line(tmp_path, "ada")["score"] == 6

    # the deadline moves: nothing is run, and the marks are others
    rules.write_text(RULES.format(due=PAST))
    assert "ada" in grader("report", tmp_path / "reports")
    assert HALF in report.read_text()
    assert "Handed in 26 h after the deadline; 2 days begun, 10 % of 6 points each: 6 − 1.2 = 4.8." in (
        report.read_text())
    assert (line(tmp_path, "ada")["score"], line(tmp_path, "ben")["score"]) == (4.8, 2)
    assert "0 to grade, 2 unchanged" in batch()

    # a list, given once; a batch reads it again
    listed = tmp_path / "extensions.csv"
    listed.write_text("student,exercise,due,reason\nada,doubling,+1d,ill\n")
    assert "0 to grade, 2 unchanged" in batch(listed)
    assert line(tmp_path, "ada")["score"] == 5.4
    listed.write_text("student,exercise,due,reason\nada,doubling,+2d,ill\n")
    batch()
    assert line(tmp_path, "ada")["score"] == 6

    # the same wrong answer again, and a right one too late: the best counts, after what lateness takes
    first = line(tmp_path, "ben")
    handed_in(tmp_path, "ben", f"{WRONG}\n# once more", "2020-11-20 12:00:00 UTC")
    batch()
    again = line(tmp_path, "ben")
    assert again["attempt"] == 2
    assert again["checks"] == first["checks"]
    handed_in(tmp_path, "ben", RIGHT, "2020-11-28 12:00:00 UTC")
    batch()
    assert line(tmp_path, "ben")["score"] == 1.2     # eight days
    rules.write_text(RULES.format(due=PAST).replace("per_day", 'attempts = "best"\nper_day'))
    assert "0 to grade, 2 unchanged" in batch()
    ben = line(tmp_path, "ben")
    assert (ben["score"], ben["rules"]["counts"]) == (2, 2)
    assert [one["raw"] - one["penalty"] for one in ben["rules"]["attempts"]] == pytest.approx([2, 2, 1.2])

    # and what is handed back says so
    grader("export", tmp_path / "reports", "--format", "nbgrader", "--output", tmp_path / "marks.csv")
    with (tmp_path / "marks.csv").open(newline="") as file:
        marks = {row["student_id"]: row for row in csv.DictReader(file)}
    assert (marks["ben"]["raw_score"], marks["ben"]["late_submission_penalty"], marks["ben"]["score"]) == (
        "2", "0", "2")
    assert marks["ada"]["duedate"] == "2020-11-22T23:59:00+01:00"


def test_an_lms_says_who_was_late(tmp_path: Path, sandbox: Sandbox,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    """Moodle's worksheet says when, Canvas's zip only that; what was told once is not forgotten."""
    write_exercise(tmp_path / "exercises" / "doubling")
    (tmp_path / "exercises" / "course.toml").write_text(RULES.format(due=PAST).replace(
        "per_day", "late_without_time = 0.5\nper_day"))
    moodle = tmp_path / "Sheet 1.zip"
    with zipfile.ZipFile(moodle, "w") as archive:
        for who in ("Ada Lind_1003", "Ben Weber_1004"):
            archive.writestr(f"{who}_assignsubmission_file/doubling.ipynb", notebook(RIGHT))
    sheet = tmp_path / "Grades.csv"
    sheet.write_text("Identifier,Full name,Status,Grade,Maximum grade,Last modified (submission),"
                     "Last modified (grade)\n"
                     'Participant 1003,Ada Lind,Submitted,,6,"Sunday, 22 November 2020, 1:59 AM",-\n'
                     'Participant 1004,Ben Weber,Submitted,,6,"22/11/20, 01:59",-\n')
    canvas = tmp_path / "canvas" / "submissions"
    canvas.mkdir(parents=True)
    (canvas / "okonkwoeve_LATE_7_70_doubling.ipynb").write_text(notebook(RIGHT))
    (canvas / "castrocem_8_80_doubling.ipynb").write_text(notebook(RIGHT))

    def scores(out: str, source: Path, *roster: Path) -> tuple[dict[str, float], str]:
        options = Options(exercises=tmp_path / "exercises", jobs=1, roster=roster)
        results = commands.batch([source], tmp_path / out, options, sandbox, Lines())
        return {one.student: one.score or 0.0 for one in results}, capsys.readouterr().err

    marks, said = scores("by-moodle", moodle, sheet)
    assert marks == {"1003": 4.8, "1004": 6}
    assert "Grades.csv: '22/11/20, 01:59' (Participant 1004) in 'Last modified (submission)'" in said
    marks, said = scores("by-moodle", moodle)
    assert marks == {"1003": 4.8, "1004": 6}
    assert "0 to grade, 2 unchanged" in said
    marks, said = scores("by-canvas", canvas)
    assert marks == {"7": 3, "8": 6}
