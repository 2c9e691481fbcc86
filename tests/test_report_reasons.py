"""Which failed checks have one reason between them."""

from __future__ import annotations

import pytest
from msgspec import structs

from grader import records as r
from grader.report import reasons, source
from tests import samples as s

LINE = r.Line(cell=2, line=5, text="")


def failed(name: str, **changes: object) -> r.Verdict:
    plain = r.Verdict(id=name, title=name, mark=r.Mark.FAIL, points=0.0, max_points=1.0, functions=("f",))
    return structs.replace(plain, **changes)


def first_of(*checks: r.Verdict) -> dict[str, str]:
    return dict(reasons.found(checks, (), ()).first)


@pytest.mark.parametrize("same", [
    {"cause": r.Cause.WRONG_ANSWER, "diagnosis": "lecun-scaling"},
    {"cause": r.Cause.RAISED, "lines": (LINE,), "message": "`f` raised TypeError"},
    {"cause": r.Cause.TIMEOUT},
    {"cause": r.Cause.MISSING, "message": "`f` is not defined after the notebook's last cell."}])
def test_one_mend_for_two_checks_is_one_reason(same: dict[str, object]) -> None:
    assert first_of(failed("a", **same), s.PASSED[0], failed("b", **same)) == {"b": "a"}


@pytest.mark.parametrize(("one", "other"), [
    ({"cause": r.Cause.WRONG_ANSWER}, {"cause": r.Cause.WRONG_ANSWER}),
    ({"diagnosis": "x"}, {"diagnosis": "y"}),
    ({"cause": r.Cause.RAISED, "lines": (LINE,)}, {"cause": r.Cause.RAISED, "lines": (structs.replace(LINE, line=6),)}),
    ({"cause": r.Cause.TIMEOUT}, {"cause": r.Cause.TIMEOUT, "functions": ("g",)}),
    ({"cause": r.Cause.TIMEOUT}, {"cause": r.Cause.CRASHED}),
    ({"diagnosis": "x"}, {"diagnosis": "x", "mark": r.Mark.PASS})])
def test_what_one_mend_may_not_help_stays_apart(one: dict[str, object], other: dict[str, object]) -> None:
    assert first_of(failed("a", **one), failed("b", **other)) == {}


def test_a_word_of_a_wrong_answer_is_no_missing_name() -> None:
    said = failed("a", cause=r.Cause.WRONG_ANSWER, message="NameError: name 'f' is not defined")
    assert reasons.undefined(said) == ""


def test_a_cell_before_the_broken_one_does_not_follow_from_it() -> None:
    notebook = source.cells(s.notebook("f()", "def f(:\n    pass", "f()"))
    missing = failed("a", cause=r.Cause.MISSING, message="`f` is not defined after the notebook's last cell.")
    stop = r.CellEvent(cell=1, cause=r.Cause.RAISED, error="NameError", message="name 'f' is not defined")
    events = (stop, r.CellEvent(cell=2, cause=r.Cause.RAISED, error="SyntaxError"), structs.replace(stop, cell=3))
    found = reasons.found((missing,), events, notebook)
    assert (found.cells, found.missed, found.followers) == ({"a": 2}, {2: "f"}, {3: 2})
