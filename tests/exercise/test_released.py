"""A notebook of another release than the exercise is now: said, and nothing hangs on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.exercise import catalog, release
from grader.exercise.released import differing, handed_out
from grader.intake.reading import read_file
from tests.conftest import CELLS
from tests.notebooks import notebook


def said(folder: Path, path: Path, **ours: object) -> list[str]:
    path.write_text(notebook(*CELLS, grader={"exercise": "doubling", **ours}))
    read = read_file(path, student="ada", relative=path.name, exercises=("doubling",))
    return differing([read, read], {"doubling": catalog.load(folder)})


def test_each_other_release_is_one_line(exercise_folder: Path, tmp_path: Path) -> None:
    digest = catalog.load(exercise_folder).digest
    path = tmp_path / "doubling.ipynb"
    ours = "2 notebooks of doubling released as version", "graded as version 3: its checks"
    assert said(exercise_folder, path, version=3, checks=digest) == []
    assert said(exercise_folder, path, version=2, checks=digest) == [f"{ours[0]} 2, {ours[1]} are the same"]
    for version in (2, 3):
        assert said(exercise_folder, path, version=version, checks="0af3") == [
            f"{ours[0]} {version}, {ours[1]} have changed since"]
    assert said(exercise_folder, path, version=2) == [f"{ours[0]} 2, {ours[1]} may have changed since"]


@pytest.mark.parametrize("ours", [
    {}, {"version": "3"}, {"version": True}, {"version": -1}, {"version": 1 << 80},
    {"version": 3, "checks": "\x1b[31m" * 9}, {"version": 3, "checks": [1]}])
def test_what_says_nothing_is_not_told(exercise_folder: Path, tmp_path: Path,
                                       ours: dict[str, object]) -> None:
    assert said(exercise_folder, tmp_path / "doubling.ipynb", **ours) == []


def run(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def test_batch_and_check_say_it(exercise_folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "in" / "ada" / "doubling.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text(notebook(*CELLS, grader={"exercise": "doubling", "version": 2, "checks": "0af3"}))
    line = "1 notebook of doubling released as version 2, graded as version 3: its checks have changed since"
    checked = run("check", mine, "--exercises", exercise_folder.parent)
    assert line in checked.output
    assert checked.exit_code == 0
    graded = run("batch", tmp_path / "in", "--exercises", exercise_folder.parent, "--sandbox", "process",
                 "--jobs", "1", "--out", tmp_path / "reports")
    assert line in " ".join(graded.output.split())
    assert graded.exit_code == 0


def test_a_cell_as_it_was_handed_out_is_known_in_a_whole_exercise_and_in_its_release(
        exercise_folder: Path, tmp_path: Path) -> None:
    exercise = catalog.load(exercise_folder)
    files = release.files(exercise)
    given = json.loads(str(files["doubling.ipynb"]))["cells"]
    plain = next(cell["source"] for cell in given if cell["cell_type"] == "code"
                 and release.STUB not in cell["source"])
    own = notebook("x = 1", plain + "\n", plain + "\nx = 1")
    assert handed_out((0, 1, 2, 3), own, exercise) == (1,)
    assert handed_out((), own, exercise) == ()
    folder = tmp_path / "doubling"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(str(content))
    (folder / "doubling.ipynb").write_text(own)
    assert handed_out((0, 1, 2, 3), own, catalog.load(folder)) == (1,)
