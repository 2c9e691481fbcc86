"""Gradescope's and JUnit's rules, on the results of a small class graded for it, and on hostile ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from grader.cli import main
from grader.export import gradescope, junit
from grader.keep.publish import opened
from grader.records import Result, Status
from tests import samples as s
from tests.conftest import CELLS, write_exercise
from tests.export.rules import prove_junit, prove_results_json
from tests.notebooks import notebook
from tests.report.test_student import hostile

MADE = {"ada": notebook(*CELLS), "bo": notebook(*CELLS, "def double(x):\n    return x * x"),
        "cy": "not a notebook", "dee": notebook(*CELLS, "1 / 0"),
        "eve\x1b[31m": notebook(*CELLS, "def halve(x):\n    raise KeyError('\\x1b[31m\\x07]]>&<x/>\\r\\n')"),
        "fay": notebook("x = 1")}
MADE_UP = [hostile(), s.result(), s.withheld(), s.unreadable(), s.passed_all(),
           structs.replace(s.unreadable("\x00\x1b"), reason="\x0b\ufffe" + 9000 * "x"),
           structs.replace(s.unreadable(), reason=""),
           *(s.result(checks=(), score=None, status=status) for status in (Status.UNCLEAR, Status.MISSING))]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    root = tmp_path_factory.mktemp("class")
    exercises = write_exercise(root / "exercises" / "doubling").parent
    for student, text in MADE.items():
        (root / "in" / student).mkdir(parents=True)
        (root / "in" / student / "doubling.ipynb").write_text(text)
    words = "batch", root / "in", "--out", root / "out", "--exercises", exercises, "--jobs", 2
    done = CliRunner().invoke(main, list(map(str, words)))
    assert done.exit_code == 0, done.output
    with opened(Path(root / "out")) as book:
        return book.results()


def test_results_json_is_as_gradescope_wants_it(graded: list[Result]) -> None:
    assert {result.score for result in graded} >= {0.0, 6.0}
    for result in (*graded, *MADE_UP):
        for language in ("en", "de"):
            out = io.StringIO()
            gradescope.write([result], out, language=language)
            document = prove_results_json(out.getvalue(), withheld=result.score is None)
            assert document.get("score") == result.score


def test_junit_is_as_its_readers_want_it(graded: list[Result]) -> None:
    for results in (graded, MADE_UP, [*graded, *MADE_UP], []):
        out = io.StringIO()
        junit.write(results, out)
        root = prove_junit(out.getvalue())
        assert len(root) == len(results)
        for result, suite in zip(results, root, strict=True):
            ours = [case for case in suite if case.find("error") is not None]
            assert bool(ours) == (result.status is Status.WITHHELD)
