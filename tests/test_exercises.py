"""Every exercise of the course is proved by its own wrong and right solutions. None is named here."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

from grader.exercise import catalog, release
from grader.exercise.inline import observe_inline
from grader.exercise.overlooked import overlooked
from grader.exercise.solutions import cells
from grader.exercise.testing import Proof, Proving, proofs
from grader.keep import parcels

COURSE = Path(__file__).parent.parent / "exercises"
EXERCISES = sorted(catalog.discover(COURSE))


@pytest.fixture(scope="module")
def proving() -> Iterator[Proving]:
    with Proving(COURSE) as opened:
        yield opened


@pytest.mark.parametrize("proof", proofs(COURSE), ids=str)
def test_an_exercise_is_proved(proof: Proof, proving: Proving) -> None:
    """Behind the real wall; `grader validate` does the same with more draws."""
    assert proving.flaws(proof) == []


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_has_enough_to_prove_it_by(name: str) -> None:
    files = [proof.name for proof in proofs(COURSE) if proof.exercise == name]
    assert sum(file.startswith("wrong/") for file in files) >= 12
    assert sum(file.startswith("right/") for file in files) >= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_no_lapse_is_overlooked(name: str) -> None:
    """Or equivalent.toml gives the reason."""
    assert list(overlooked(catalog.load(COURSE / name), 11)) == []


# Bytes: what was observed of a right solution, as it is kept. A third more than measured; the course's seven
# together leave 4 MB, pages and gradebook included. An observation is no larger than its check's power needs.
AT_MOST, TOGETHER = 1_100_000, 1_900_000


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_observed_takes_little_room(name: str, sizes: dict[str, int]) -> None:
    exercise = catalog.load(COURSE / name)
    observed = observe_inline(exercise, cells(exercise), exercise.prepare(11))
    sizes[name] = sum(len(parcels.packed(parcel, "")) for parcel in observed.values())
    assert 0 < sizes[name] <= AT_MOST
    assert sum(sizes.values()) <= TOGETHER


@pytest.fixture(scope="module")
def sizes() -> dict[str, int]:
    """Of each exercise that was tried."""
    return {}


@pytest.mark.parametrize("name", EXERCISES)
def test_a_notebook_holds_source_only(name: str) -> None:
    document = json.loads((COURSE / name / "notebook.ipynb").read_text())
    for cell in document["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert document["nbformat"] == 4
    assert len({cell["id"] for cell in document["cells"]}) == len(document["cells"])


def executed(text: str, where: Path) -> Any:
    """The notebook as a plain Jupyter kernel runs it, stopping at the first error."""
    notebook = nbformat.reads(text, as_version=4)
    ExecutePreprocessor(timeout=240, kernel_name="python3").preprocess(notebook,
                                                                       {"metadata": {"path": str(where)}})
    return notebook


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_runs_top_to_bottom_and_has_pictures(name: str, tmp_path: Path) -> None:
    notebook = executed((COURSE / name / "notebook.ipynb").read_text(), tmp_path)
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells
               for output in cell.get("outputs", []))


@pytest.mark.parametrize("name", EXERCISES)
def test_a_released_notebook_runs_up_to_its_first_stub(name: str, tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError) as stopped:
        executed(release.student_notebook(catalog.load(COURSE / name)), tmp_path)
    assert stopped.value.ename == "NotImplementedError"


@pytest.mark.parametrize("name", EXERCISES)
def test_the_specification_stays_a_page(name: str) -> None:
    """A tutor reads and changes checks.py; what is not the specification lies in modules beside it."""
    assert len((COURSE / name / "checks.py").read_text(encoding="utf-8").splitlines()) <= 350


def test_no_helper_is_defined_in_two_exercises() -> None:
    """Of one text: what two exercises need is a word of grader.spec."""
    found: dict[str, set[str]] = {}
    for path in COURSE.glob("*/*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                body = "\n".join(map(ast.unparse, node.body[1 if ast.get_docstring(node) else 0:]))
                found.setdefault(f"{node.name}: {body}", set()).add(path.parent.name)
    assert {text: where for text, where in found.items() if len(where) > 1} == {}


def test_the_course_names_each_of_its_exercises() -> None:
    assert sorted(place.name for place in catalog.course(COURSE).exercise) == EXERCISES


def test_nothing_in_the_grader_names_an_exercise() -> None:
    sources = "\n".join(path.read_text() for path in (COURSE.parent / "grader").rglob("*.py")
                        if path.name not in ("cli.py",))
    assert not [name for name in EXERCISES if f'"{name}"' in sources]
