"""Which failed checks have one reason between them."""

from __future__ import annotations

import pytest
from msgspec import structs

from grader import environment, judge, records
from grader.report import reasons, source
from grader.wall import messages
from tests import samples as s

LINE = messages.Line(cell=2, line=5, text="")


def failed(name: str, **changes: object) -> records.Verdict:
    plain = records.Verdict(id=name, title=name, mark=records.Mark.FAIL, points=0.0, max_points=1.0,
                            functions=("f",))
    return structs.replace(plain, **changes)


def first_of(*checks: records.Verdict) -> dict[str, str]:
    return dict(reasons.found(checks, (), ()).first)


@pytest.mark.parametrize("same", [
    {"cause": records.Cause.WRONG_ANSWER, "diagnosis": "lecun-scaling"},
    {"cause": records.Cause.RAISED, "lines": (LINE,), "message": "`f` raised TypeError"},
    {"cause": records.Cause.TIMEOUT},
    {"cause": records.Cause.MISSING, "said": records.Sentence(template=judge.UNDEFINED,
                                                              values={"name": "f"})}])
def test_one_mend_for_two_checks_is_one_reason(same: dict[str, object]) -> None:
    assert first_of(failed("a", **same), s.PASSED[0], failed("b", **same)) == {"b": "a"}


@pytest.mark.parametrize(("one", "other"), [
    ({"cause": records.Cause.WRONG_ANSWER}, {"cause": records.Cause.WRONG_ANSWER}),
    ({"diagnosis": "x"}, {"diagnosis": "y"}),
    ({"cause": records.Cause.RAISED, "lines": (LINE,)},
     {"cause": records.Cause.RAISED, "lines": (structs.replace(LINE, line=6),)}),
    ({"cause": records.Cause.TIMEOUT}, {"cause": records.Cause.TIMEOUT, "functions": ("g",)}),
    ({"cause": records.Cause.TIMEOUT}, {"cause": records.Cause.CRASHED}),
    ({"diagnosis": "x"}, {"diagnosis": "x", "mark": records.Mark.PASS})])
def test_what_one_mend_may_not_help_stays_apart(one: dict[str, object], other: dict[str, object]) -> None:
    assert first_of(failed("a", **one), failed("b", **other)) == {}


def test_a_word_of_a_wrong_answer_is_no_missing_name() -> None:
    text = "NameError: name 'f' is not defined"
    assert environment.undefined(failed("a", cause=records.Cause.WRONG_ANSWER, message=text)) == ""
    other = records.Sentence(template=judge.NO_FUNCTION, values={"name": "f"})
    assert environment.undefined(failed("a", cause=records.Cause.MISSING, said=other)) == ""


def test_a_name_that_python_missed_is_taken_from_what_python_said() -> None:
    values = {"name": "g", "error": "NameError", "message": "name 'f' is not defined"}
    said = records.Sentence(template=judge.RAISED_WITH, values=values)
    assert environment.undefined(failed("a", cause=records.Cause.RAISED, said=said)) == "f"
    also = records.Sentence(template=judge.RAISED_WITH, values={**values, "error": "KeyError"})
    assert environment.undefined(failed("a", cause=records.Cause.RAISED, said=also)) == ""


def test_a_cell_before_the_broken_one_does_not_follow_from_it() -> None:
    notebook = source.cells(s.notebook("f()", "def f(:\n    pass", "f()"))
    missing = failed("a", cause=records.Cause.MISSING,
                     said=records.Sentence(template=judge.UNDEFINED, values={"name": "f"}))
    stop = messages.CellEvent(cell=1, cause=messages.CellCause.RAISED, error="NameError",
                              message="name 'f' is not defined")
    events = (stop, messages.CellEvent(cell=2, cause=messages.CellCause.RAISED, error="SyntaxError"),
              structs.replace(stop, cell=3))
    found = reasons.found((missing,), events, notebook)
    assert (found.cells, found.missed, found.followers) == ({"a": 2}, {2: "f"}, {3: 2})


@pytest.mark.parametrize("above", [
    "import torch", "import numpy, torch as t, torch", "from x import (\n    a,\n    torch)",
    "torch, y = 1, 2", "for torch in range(3):\n    pass", "with open('x') as torch:\n    pass",
    "if 1:\n    import torch",
    "%matplotlib inline\nimport torch", "x = = 3\nimport torch"])
def test_a_name_that_a_stopped_cell_was_to_bring_leads_to_that_cell(above: str) -> None:
    notebook = source.cells(s.notebook("1 / 0", above, "def f():\n    return torch.ones(3)", "1 / 0"))
    values = {"name": "f", "error": "NameError", "message": "name 'torch' is not defined"}
    verdict = failed("a", cause=records.Cause.RAISED, lines=(structs.replace(LINE, cell=3, line=2),),
                     said=records.Sentence(template=judge.RAISED_WITH, values=values))
    stop = messages.CellEvent(cell=1, cause=messages.CellCause.RAISED, error="ZeroDivisionError", line=1)
    events = (stop, structs.replace(stop, cell=2), structs.replace(stop, cell=4))
    found = reasons.found((verdict,), events, notebook)
    assert (found.cells, found.missed) == ({"a": 2}, {2: "torch"})
    assert reasons.found((verdict,), (stop,), notebook).cells == {}
