"""`grader validate` notices what is wrong with an exercise: seen here by breaking a small one in
every way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from grader.execute.opening import open_sandbox
from grader.exercise import catalog, validate
from grader.exercise.catalog import ExerciseError
from grader.options import Options
from tests.conftest import CHECKS, write_exercise

WRONG = "wrong/squares.py"


def prove(folder: Path, draws: int = 0) -> validate.Proof:
    options = Options(exercises=folder.parent, seed=3)
    with validate.Alarms(draws) as alarms:
        return validate.prove(catalog.load(folder), options, None, alarms, told=lambda text: None)


def test_a_sound_exercise_is_proved(exercise_folder: Path) -> None:
    proof = prove(exercise_folder, draws=4)
    assert proof.failures == ()
    assert [(row.check, row.failed_by, row.alarms) for row in proof.rows] == [
        ("values", 1, 0), ("untouched", 1, 0), ("half", 1, 0)]


@pytest.mark.parametrize(("file", "old", "new", "says"), [
    (WRONG, "fails: values", "fails: half", "half should fail, it is pass"),
    (WRONG, "fails: values", "fails: half", "values should not fail"),
    (WRONG, "diagnosis: squared", "diagnosis: none", "diagnosed as ['squared']"),
    ("wrong/raises.py", "cause: raised", "cause: timeout", "causes ['raised']"),
    ("right/operator.py", "2 * x", "3 * x", "operator.py: values should not fail"),
    ("notebook.ipynb", "return x + x", "return x", "notebook.ipynb: values should not fail"),
    ("wrong/in_place.py", "x.add_(x)", "x * x", "untouched: no wrong solution fails it"),
    ("checks.py", 'expect_tensor(seen.value, seen.given["x"] / 2, rtol=1e-6, what="halve(x)")',
     "seen.value.sum()", "half: "),
    ("checks.py", 'expect_tensor(seen.value, seen.given["x"] / 2, rtol=1e-6, what="halve(x)")', "pass",
     "pass every check that looks at it"),
])
def test_what_is_unsound_is_said(exercise_folder: Path, file: str, old: str, new: str, says: str) -> None:
    path = exercise_folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert any(says in failure
               for failure in prove(exercise_folder).failures), prove(exercise_folder).failures


def test_names_that_there_are_not_are_said(exercise_folder: Path) -> None:
    path = exercise_folder / "exercise.toml"
    path.write_text('forbidden = ["torch.multiply", "torch.nn.functional.batchnorm"]\n'
                    'preload = ["torch.optim", "torch.optimism", "no.such"]\n'
                    + "\n".join(line for line in path.read_text().splitlines()
                                if not line.startswith("forbidden")))
    assert prove(exercise_folder).failures == (
        "exercise.toml preloads torch.optimism, which there is not",
        "exercise.toml preloads no.such, which there is not",
        "exercise.toml forbids torch.nn.functional.batchnorm, which there is not")


def test_what_cannot_be_handed_out_is_not_proved(exercise_folder: Path) -> None:
    path = exercise_folder / "notebook.ipynb"
    path.write_text(path.read_text().replace("### END SOLUTION", ""))
    with pytest.raises(ExerciseError, match="without ### END SOLUTION"):
        prove(exercise_folder)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_cell_of_the_notebook_that_stops_is_said(exercise_folder: Path) -> None:
    path = exercise_folder / "notebook.ipynb"
    document = json.loads(path.read_text())
    document["cells"].append({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
                              "source": "print(duoble(1))"})
    path.write_text(json.dumps(document))
    with open_sandbox("bubblewrap") as sandbox, validate.Alarms(0) as alarms:
        options = Options(exercises=exercise_folder.parent, seed=3)
        proof = validate.prove(catalog.load(exercise_folder), options, sandbox, alarms,
                               told=lambda text: None)
    where = f"notebook.ipynb, cell {len(document['cells'])}"
    assert proof.failures == (f"{where}: NameError: name 'duoble' is not defined",)


def test_too_many_false_alarms_are_said(tmp_path: Path) -> None:
    noisy = CHECKS.replace("\n    expect_tensor(seen.value, seen.given[\"x\"] / 2",
                           "\n    if seen.given['x'][0] > 0:\n        fail('noise')"
                           "\n    expect_tensor(seen.value, seen.given[\"x\"] / 2")
    proof = prove(write_exercise(tmp_path / "doubling", checks=noisy), draws=30)
    assert any("false alarms in 30, claimed 0" in failure for failure in proof.failures)
    assert [row.first.partition(": ")[2] for row in proof.rows if row.alarms] == ["noise"]


@pytest.mark.parametrize(("text", "says"), [
    ('"""No header."""', "fails: check"),
    ('"""X.\n\nfails: nothing\n"""', "no check is called nothing"),
    ("def broken(:", "invalid syntax"),
])
def test_a_header_that_cannot_be_used_is_the_tutors_fault(exercise_folder: Path, text: str,
                                                          says: str) -> None:
    (exercise_folder / WRONG).write_text(text)
    with pytest.raises(ExerciseError, match=says):
        validate.solutions(catalog.load(exercise_folder), "wrong")


def test_bounds_of_a_rate() -> None:
    # No event in n: 1 - 0.05^(1/n), "the rule of three". Clopper & Pearson 1934.
    assert validate.upper_bound(0, 1000) == pytest.approx(1 - 0.05 ** (1 / 1000), rel=1e-6)
    assert validate.upper_bound(5, 1000) == pytest.approx(0.01048, rel=2e-3)
    assert validate.upper_bound(3, 3) == 1.0
    assert validate.allowed_alarms(0.0, 1000) == 0
    assert validate.allowed_alarms(1e-6, 1000) == 1
