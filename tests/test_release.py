"""What students get holds no line of a solution and nothing of a hidden check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader import catalog, release
from grader.catalog import ExerciseError
from tests.conftest import notebook

COURSE = Path(__file__).parent.parent / "exercises"
EXERCISES = sorted(catalog.discover(COURSE))


def test_solutions_become_stubs_at_their_indentation() -> None:
    source = "def f(x):\n    '''Doc.'''\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\nf(2)"
    assert release.stubbed(source) == "def f(x):\n    '''Doc.'''\n    raise NotImplementedError\n\nf(2)"


@pytest.mark.parametrize("source", ["### BEGIN SOLUTION\nx", "### END SOLUTION",
                                    "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"])
def test_marks_that_do_not_pair_are_refused(source: str) -> None:
    with pytest.raises(ExerciseError):
        release.stubbed(source)


def test_a_toy_release_is_an_exercise_itself(exercise_folder: Path, tmp_path: Path) -> None:
    released = release.write(catalog.load(exercise_folder), tmp_path / "out")
    again = catalog.load(tmp_path / "out" / "doubling")
    assert [check.id for check in again.checks] == ["values", "untouched"]
    assert again.settings.points == 4
    texts = [path.read_text() for path in released]
    assert not any("half" in text or "Divide" in text for text in texts if "cells" not in text and "points" not in text)
    with pytest.raises(ExerciseError, match="already"):
        release.write(catalog.load(exercise_folder), tmp_path / "out")


def test_tutor_cells_outputs_and_metadata_stay_here(exercise_folder: Path) -> None:
    document = json.loads(notebook("def f():\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION", "secret = 1"))
    document["cells"][1]["metadata"] = {"tags": ["tutor"]}
    document["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "42"}]
    (exercise_folder / "notebook.ipynb").write_text(json.dumps(document))
    out = release.student_notebook(catalog.load(exercise_folder))
    assert "secret" not in out
    assert "42" not in out
    assert json.loads(out)["metadata"]["grader"] == {"exercise": "doubling", "version": 3}


@pytest.mark.parametrize("name", EXERCISES)
def test_no_solution_and_no_hidden_check_leaves_the_course(name: str) -> None:
    exercise = catalog.load(COURSE / name)
    files = release.files(exercise)
    everything = "\n".join(files.values())
    in_notebook = {" ".join(line.split()) for cell in json.loads(files[f"{name}.ipynb"])["cells"]
                   for line in cell["source"].split("\n")}
    in_checks = {" ".join(line.split()) for line in everything.splitlines()}
    for line in solution_lines(exercise.folder / "notebook.ipynb"):
        assert line not in in_notebook, f"a line of the solution is released: {line}"
        # A visible check may itself say `return weight`; what would give an answer away is longer.
        assert len(line) <= 24 or line not in in_checks, f"a visible check quotes the solution: {line}"
    for check in exercise.checks:
        if not check.visible:
            assert check.promise not in " ".join(everything.split())
            assert f"def {check.function.__name__}(" not in files["checks.py"]
            assert not check.hint or check.hint not in everything
    visible = sum(check.points for check in exercise.checks if check.visible)
    assert visible * 2 >= exercise.settings.points, "at least half of the points stay visible"


def solution_lines(path: Path) -> set[str]:
    """Lines that stand in solutions and nowhere else in the notebook; very short ones say nothing."""
    inside, outside = set(), set()
    for cell in json.loads(path.read_text())["cells"]:
        solving = False
        for line in "".join(cell["source"]).split("\n"):
            text = " ".join(line.split())
            if text in (release.BEGIN, release.END):
                solving = text == release.BEGIN
            else:
                (inside if solving else outside).add(text)
    return {line for line in inside - outside if len(line) > 12}
