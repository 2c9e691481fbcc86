"""Limits follow from what the reference needs, and are written where nothing else changes."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.exercise import catalog
from grader.exercise.catalog import ExerciseError
from grader.exercise.limits import Measured, changed, write

VALUES = {"cell_seconds": 7, "call_seconds": 3}


def needed(**seconds: float) -> Measured:
    return Measured(**{"cell": 0.0, "call": 0.0, "right": 0.0, "now": (5.0, 10.0), "patient": 60.0,
                       **seconds})  # type: ignore[arg-type]


@pytest.mark.parametrize(("found", "wanted"), [
    (needed(), (5, 2)), (needed(cell=0.5, call=0.1), (5, 2)), (needed(cell=0.61, call=0.26), (7, 6)),
    (needed(call=0.01, right=4.6), (5, 10)), (needed(cell=7.2), (60, 2)), (needed(cell=40.0), (80, 2))])
def test_they_are_ten_and_twenty_times_what_the_reference_needs(found: Measured,
                                                                wanted: tuple[int, int]) -> None:
    assert (found.cell_seconds, found.call_seconds) == wanted


def test_what_nobody_comes_near_is_enough() -> None:
    assert not needed(cell=0.5, call=0.5, right=5.0).too_small


@pytest.mark.parametrize("seconds", [{"cell": 0.51}, {"call": 0.51}, {"right": 5.1}])
def test_limits_that_a_right_answer_may_meet_are_too_small(seconds: dict[str, float]) -> None:
    assert needed(**seconds).too_small


@pytest.mark.parametrize("text", [
    'title = "x"\n', 'title = "x"', 'title = "x"\n\n[[written]]\nid = "a"\n', "[limits]\n", "[limits]",
    "[limits]  # why\ncall_seconds = 8  # thirty take 5\nmemory_bytes = 1_000\n\n# more\n[other]\n"
    "call_seconds = 1\n",
    "[limits]\ncall_seconds=8.5\ncell_seconds\t= 1e1\n"], ids=repr)
def test_they_are_written_where_nothing_else_changes(text: str) -> None:
    before, after = tomllib.loads(text), changed(text, VALUES)
    assert tomllib.loads(after) == {**before, "limits": {**before.get("limits", {}), **VALUES}}
    assert [line for line in text.split("\n") if "#" in line and "call" not in line] == [
        line for line in after.split("\n") if "#" in line and "call" not in line]
    assert changed(after, VALUES) == after


def test_a_table_in_another_form_is_left_to_its_author(exercise_folder: Path) -> None:
    path = exercise_folder / "exercise.toml"
    path.write_text("limits = {call_seconds = 4}\n" + path.read_text())
    text = path.read_text()
    with pytest.raises(ExerciseError, match=r"exercise\.toml: write cell_seconds = 5 and call_seconds = 2"):
        write(catalog.load(exercise_folder), needed())
    assert path.read_text() == text


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_command_says_them_and_writes_them_once_asked(exercise_folder: Path) -> None:
    arguments = ["validate", "--exercises", str(exercise_folder.parent), "--sandbox", "bubblewrap", "--only",
                 "reference"]
    said = CliRunner().invoke(main, arguments).output
    assert "limits: cell_seconds = 5, call_seconds = 2 follow from the reference's slowest cell (0." in said
    assert "it is cell_seconds = 5, call_seconds = " in said
    path = exercise_folder / "exercise.toml"
    assert "cell_seconds" not in path.read_text()
    written = CliRunner().invoke(main, [*arguments, "--write-limits"])
    assert written.exit_code == 0, written.output
    assert catalog.load(exercise_folder).settings.limits.call_seconds == 2
    assert f"{path}: cell_seconds = 5, call_seconds = 2\n" in written.output


@pytest.mark.parametrize("more", [["--sandbox", "inline"], ["--mutants"]])
def test_where_no_limit_holds_none_is_written(exercise_folder: Path, more: list[str]) -> None:
    result = CliRunner().invoke(main, ["validate", "--exercises", str(exercise_folder.parent),
                                       "--write-limits", *more])
    assert result.exit_code == 2
    assert "--write-limits does not go with" in result.output + result.stderr
