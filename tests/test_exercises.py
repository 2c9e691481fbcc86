"""Every exercise of the course is proved by its own wrong and right solutions. None is named here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader import catalog, validate
from grader.grading import Options

COURSE = Path(__file__).parent.parent / "exercises"
EXERCISES = sorted(catalog.discover(COURSE))


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_proved(name: str) -> None:
    """Behind the real wall; `grader validate` does the same with more draws."""
    told: list[str] = []
    proof = validate.prove(catalog.load(COURSE / name), Options(exercises=COURSE, jobs=2), draws=20, told=told.append)
    assert not proof.failures, "\n".join(proof.failures)
    assert proof.wrong >= 12
    assert proof.right >= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_a_notebook_holds_source_only(name: str) -> None:
    document = json.loads((COURSE / name / "notebook.ipynb").read_text())
    for cell in document["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert document["nbformat"] == 4
    assert len({cell["id"] for cell in document["cells"]}) == len(document["cells"])


def test_the_course_names_its_exercises() -> None:
    assert {place.name for place in catalog.course(COURSE).exercise} <= set(EXERCISES)


def test_nothing_in_the_grader_names_an_exercise() -> None:
    sources = "\n".join(path.read_text() for path in (COURSE.parent / "grader").rglob("*.py")
                        if path.name not in ("cli.py",))
    assert not [name for name in EXERCISES if f'"{name}"' in sources]
