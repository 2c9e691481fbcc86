"""What a change to one submission writes, in a class of which much was said already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from grader.keep.gradebook import Gradebook
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import Notebooks, publish
from tests.keep.test_gradebook import handed_in

CLASS = ("ada", "ben", "cem", "dana")
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    """Of everybody's submission something was said, and it is on their pages."""
    with Gradebook(Output(tmp_path).gradebook) as book:
        for student in CLASS:
            entry = structs.replace(handed_in("a"), executed=NOTEBOOK)
            book.record(structs.replace(entry, result=structs.replace(entry.result, student=student)))
            say(book, student, "Nearly.")
        publish(book, Output(tmp_path))
        yield book


def say(book: Gradebook, student: str, comment: str) -> None:
    book.desk.override(Override(student=student, exercise="x", check="", points=None, comment=comment,
                                sha256="a"))


def written(out: Path) -> dict[Path, int]:
    return {page.relative_to(out): page.stat().st_mtime_ns
            for student in CLASS for page in (out / student).iterdir()}


def test_a_word_on_one_submission_writes_the_report_of_no_other(book: Gradebook, tmp_path: Path) -> None:
    before = written(tmp_path)
    assert len(before) == 4 * len(CLASS)
    say(book, "ben", "Well done.")
    publish(book, Output(tmp_path))
    assert "Well done." in (tmp_path / "ben" / "x.html").read_text()
    after = written(tmp_path)
    assert {path for path in after if after[path] != before[path]} == {Path("ben/x.html"), Path("ben/x.md")}


def test_who_looks_alike_is_compared_again_where_a_notebook_has_changed(
        book: Gradebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, whole = list[tuple[str, str]](), Notebooks.__getitem__

    def reading(self: Notebooks, key: tuple[str, str]) -> str:
        read.append(key)
        return whole(self, key)

    monkeypatch.setattr(Notebooks, "__getitem__", reading)
    say(book, "ben", "Well done.")
    publish(book, Output(tmp_path))
    assert read == []
    entry = book.entry("cem", "x")
    assert entry is not None
    book.record(structs.replace(entry, notebook=entry.notebook + " ", observed="another"))
    publish(book, Output(tmp_path))
    assert {student for student, _ in read} == set(CLASS)


def test_a_notebook_as_executed_is_set_again_where_its_page_would_say_something_else(
        book: Gradebook, tmp_path: Path) -> None:
    before, where = written(tmp_path), {Path("cem/x.ipynb"), Path("cem/x-executed.html")}
    entry = book.entry("cem", "x")
    assert entry is not None
    book.record(structs.replace(entry, result=structs.replace(entry.result, name="Cem Dogan")))
    publish(book, Output(tmp_path), touched={("cem", "x")})
    assert "Cem Dogan" in (tmp_path / "cem" / "x-executed.html").read_text()
    after = written(tmp_path)
    assert {path for path in after if after[path] != before[path]} == where | {
        Path("cem/x.html"), Path("cem/x.md")}
    publish(book, Output(tmp_path), every_page=True)
    assert all(at != after[path] for path, at in written(tmp_path).items())
