"""The gradebook keeps results and overrides, and a regrade loses neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from grader import records
from grader.keep.gradebook import Entry, Gradebook, GradebookError, Override
from grader.wall import messages


def result(points: float = 1.0, student: str = "ada") -> records.Result:
    checks = (records.Verdict(id="a", title="A.", mark=records.Mark.PASS, points=points, max_points=2.0),
              records.Verdict(id="b", title="B.", mark=records.Mark.FAIL, cause=messages.Cause.WRONG_ANSWER,
                              points=0.0, max_points=3.0))
    made_by = records.MadeBy(grader="0", exercise=1, torch="2", device="cpu", seed=1, sandbox="bubblewrap")
    return records.Result(student=student, exercise="x", status=records.Status.GRADED, score=points,
                          max_score=5.0, checks=checks,
                    notebook=records.NotebookFile(path="p", sha256="s"), made_by=made_by)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def entry(**changes: object) -> Entry:
    return structs.replace(Entry(result=result(), observed="o", judged="j", notebook="n", executed=""), **changes)


def test_what_is_recorded_comes_back(book: Gradebook, tmp_path: Path) -> None:
    book.record(entry())
    with Gradebook(tmp_path / "gradebook.sqlite") as again:
        assert again.entries() == [entry()]


def test_a_regrade_replaces_and_an_override_survives_it(book: Gradebook) -> None:
    book.record(entry())
    book.override(Override(student="ada", exercise="x", check="b", points=3.0, comment="Well argued."))
    book.record(entry(result=result(2.0)))
    (now,) = book.results()
    assert now.score == 5.0
    assert now.checks[1].mark is records.Mark.PASS
    assert now.comment == "Well argued."
    book.drop_override("ada", "x", "b")
    assert book.results()[0].score == 2.0


def test_part_of_the_points_is_partial(book: Gradebook) -> None:
    book.record(entry())
    book.override(Override(student="ada", exercise="x", check="b", points=1.5))
    assert book.results()[0].checks[1].mark is records.Mark.PARTIAL


def test_the_seed_is_drawn_once(book: Gradebook) -> None:
    assert book.batch_value("seed", "5") == "5"
    assert book.batch_value("seed", "6") == "5"


def test_a_file_that_is_no_gradebook_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.sqlite"
    path.write_text("not a database" * 100)
    with pytest.raises(GradebookError) as error:
        Gradebook(path)
    assert "\n" not in str(error.value)
