"""`grader new` writes an exercise that is proved as it is, and shows the language at work."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.execute.opening import open_sandbox
from grader.exercise import catalog, validate
from grader.exercise.new import write
from grader.exercise.selection import Wanted
from grader.options import Options

ROOT = Path(__file__).parent.parent.parent


def new(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["new", *arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize("functions", [("drop",), ("drop", "centred", "moved_back")])
def test_it_is_proved_as_it_is(functions: tuple[str, ...], tmp_path: Path,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out = new("dropout", "--title", 'Why "dropping" helps: \\ and ½',
                    *(word for name in functions for word in ("--function", name)))
    assert (code, out.count("\n")) == (0, 2)
    assert "about dropout, whatever its functions are called" in out
    assert "`grader validate dropout`" in out
    with open_sandbox() as sandbox:
        (report,) = validate.validate(Options(exercises=Path("exercises"), seed=5), "dropout", sandbox,
                                      Wanted(draws=20), progress=lambda text: None)
    assert (report.flaws, report.warnings, report.left_out, report.unavailable) == ((), (), (), ())
    assert report.solutions == {"reference": (1, 1), "right": (2, 2), "wrong": (2 + len(functions),) * 2}
    exercise = catalog.load(Path("exercises/dropout"))
    assert exercise.settings.title == 'Why "dropping" helps: \\ and ½'
    assert exercise.settings.functions == functions
    assert {name for step in exercise.keys for name in step.uses} == set(functions)


def test_it_shows_a_call_a_probe_a_statistical_and_a_hidden_check(tmp_path: Path) -> None:
    write(tmp_path, "dropout", "Dropout", ["drop"])
    checks = catalog.load(tmp_path / "dropout").checks
    assert any(not step.probe for check in checks for step in check.looks_at)
    assert any(step.probe for check in checks for step in check.looks_at)
    assert any(check.false_alarms for check in checks)
    assert any(not check.visible for check in checks)


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "dropout" / "checks.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    code, out = new("dropout", "--exercises", str(tmp_path))
    assert (code, mine.read_text(), list(mine.parent.iterdir())) == (2, "mine", [mine])
    assert "is there already" in out


@pytest.mark.parametrize("arguments", [
    ("two words", "--function", "f"), ("../up", "--function", "f"), ("1st", "--function", "f"),
    ("dropout", "--function", "for"), ("dropout", "--function", "a b"),
    ("dropout", "--function", "f", "--function", "f"), ("dropout", "--title", "two\nlines"), ("über",),
    (".", "--function", "f")])
def test_a_name_that_cannot_be_used_is_one_line_and_nothing_is_written(arguments: tuple[str, ...],
                                                                       tmp_path: Path) -> None:
    code, out = new(*arguments, "--exercises", str(tmp_path / "exercises"))
    assert (code, out.count("\n"), list(tmp_path.iterdir())) == (2, 1, [])


def test_a_course_that_orders_its_exercises_is_to_name_it(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text("")
    _, out = new("dropout", "--exercises", str(tmp_path))
    assert f"name it in {tmp_path / 'course.toml'}" in out


def test_in_a_terminal_it_asks(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"All about dropping\ndrop, centred\n")
    subprocess.run([sys.executable, "-m", "grader", "new", "dropout"], cwd=tmp_path, stdin=theirs, check=True,
                   stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    os.close(theirs)
    os.close(ours)
    settings = catalog.load(tmp_path / "exercises" / "dropout").settings
    assert (settings.title, settings.functions) == ("All about dropping", ("drop", "centred"))
