"""An exercise's folder, found where nothing but its name is known; and `grader.check` in a notebook."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import grader
from grader.exercise import catalog, release
from grader.exercise.catalog import ExerciseError
from grader.exercise.nearby import folder_of
from tests.conftest import CELLS
from tests.notebooks import notebook


def laid(folder: Path, says: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text("")
    (folder / "mine.ipynb").write_text(notebook("1", grader={"exercise": says}) if says else "broken")
    return folder


@pytest.mark.parametrize("place", ["doubling", "handout/doubling", "drive/My Drive/handout/doubling"])
def test_it_is_called_so(place: str, tmp_path: Path) -> None:
    folder = laid(tmp_path / place)
    laid(tmp_path / "handout" / "other", says="other")
    assert folder_of("doubling", tmp_path) == folder
    assert folder_of("doubling", folder) == folder


def test_it_has_a_notebook_that_says_so(tmp_path: Path) -> None:
    folder = laid(tmp_path / "week 3", says="doubling")
    assert folder_of("doubling", tmp_path) == folder
    assert folder_of("doubling", folder) == folder


def test_it_lies_beside_where_the_kernel_was_started(tmp_path: Path) -> None:
    folder = laid(tmp_path / "doubling")
    assert folder_of("doubling", laid(tmp_path / "other", says="other")) == folder


def test_the_nearest_counts_and_of_two_none(tmp_path: Path) -> None:
    laid(tmp_path / "a" / "doubling")
    laid(tmp_path / "b" / "doubling")
    with pytest.raises(ExerciseError, match=r"a/doubling and in .*b/doubling: go into one"):
        folder_of("doubling", tmp_path)
    assert folder_of("doubling", tmp_path / "a") == tmp_path / "a" / "doubling"
    near = laid(tmp_path / "doubling")
    assert folder_of("doubling", tmp_path) == near


def test_none_is_told(tmp_path: Path) -> None:
    laid(tmp_path / "one" / "two" / "three" / "four" / "five" / "doubling")
    (tmp_path / "doubling").mkdir()
    with pytest.raises(ExerciseError, match=r"no exercise 'doubling' in .* upload the folder"):
        folder_of("doubling", tmp_path)


def shown(*words: str, cells: list[str]) -> tuple[str, str]:
    """What grader.check prints, and displays, in a notebook after these cells."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    for cell in cells:
        shell.run_cell(cell, store_history=True)
    shell.display_pub = CapturingDisplayPublisher()
    with capture_output(display=False) as captured:
        shell.run_cell(f"import grader\ngrader.check(*{words!r})")
    InteractiveShell.clear_instance()
    return captured.stdout, "".join(o["data"].get("text/html", "") for o in shell.display_pub.outputs)


def test_a_running_notebook_is_checked_by_name(exercise_folder: Path, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    release.hand_out(catalog.load(exercise_folder), tmp_path / "content" / "handout")
    shutil.rmtree(exercise_folder)
    monkeypatch.chdir(tmp_path / "content")
    told, page = shown("doubling", cells=[*CELLS, "def double(x):\n    return x * x"])
    assert "the square" in page
    told, page = shown("tripling", cells=CELLS)
    assert "no exercise 'tripling'" in told
    assert not page
    monkeypatch.chdir(tmp_path / "content" / "handout" / "doubling")
    assert "Doubling" in shown(cells=CELLS)[1]


def test_outside_a_notebook_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    InteractiveShell.clear_instance()
    grader.check("doubling")
    assert "in a terminal: grader check" in capsys.readouterr().out
