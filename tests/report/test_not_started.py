"""What is not written is no failure, and what hangs on it or on another's mistake is not told twice."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from msgspec import structs
from rich.console import Console

from grader import records
from grader.report import markdown, student, terminal
from grader.wall import messages
from grader.wall.messages import Line
from tests import samples as s

NOTEBOOK = s.notebook("def fan_in(\n        weight,\n) -> int:\n    raise NotImplementedError",
                      "def he_normal_(weight):\n    return weight.normal_(0, 1 / fan_in(weight))")
STUB, CALL = Line(cell=1, line=4, text="raise NotImplementedError"), Line(cell=2, line=2, text="")


def met(name: str, function: str, *lines: Line, cause: records.Cause = records.Cause.NOT_STARTED
        ) -> records.Verdict:
    said = records.Sentence(template="`%(name)s` raised.", values={"name": function})
    return records.Verdict(id=name, title=f"The promise {name}.", mark=records.Mark.FAIL, cause=cause,
                           points=0.0, max_points=2.0, functions=(function,), lines=lines, said=said,
                           message=f"raised {name}", advice="Count.")


OWN, WAITING = met("counts", "fan_in", STUB), met("spread", "he_normal_", CALL, STUB)


def told(form: str, *checks: records.Verdict, language: str = "en", notebook: str = NOTEBOOK,
         **changes: Any) -> str:
    result = s.result(checks=checks, **changes)
    if form == "terminal":
        out = io.StringIO()
        terminal.show(result, notebook, Console(file=out, width=500), language=language)
        text = out.getvalue()
    elif form == "markdown":
        text = markdown.render(result, notebook, language=language)
    else:
        text = re.sub(r"<[^>]*>", "", student.render(result, notebook,
                                                     language=language).partition("</style>")[2])
    return " ".join(text.replace("&#39;", "'").replace("`", "").replace("\\", "").split())


forms = pytest.mark.parametrize("form", ["terminal", "markdown", "page"])


@forms
def test_a_stub_is_not_started_and_what_calls_it_waits_under_it(form: str) -> None:
    text = told(form, WAITING, OWN).replace("*", "")
    for said in "What to work on", "Not yet", "Try next", "Your code", "raised":
        assert said not in text
    assert "Start here: Write fan_in: your own code instead of raise NotImplementedError." in text
    listed = text[text.rindex("The promise counts."):]
    assert "The promise spread." in listed, "it stands under what it waits for, though it comes first"
    assert "Not started" in text
    assert "Can't tell yet" in listed


@forms
def test_without_the_function_itself_it_is_said_what_is_waited_for(form: str) -> None:
    assert "Can't tell until fan_in is written." in told(form, WAITING)


@forms
def test_where_something_is_wrong_that_comes_first(form: str) -> None:
    text = told(form, OWN, s.VARIANCE)
    assert text.index("What to work on") < text.rindex("Not started")
    assert "Start here: The weights have variance" in text.replace("*", "")


@forms
def test_an_error_of_another_function_is_told_once(form: str) -> None:
    raised = [structs.replace(one, cause=records.Cause.RAISED) for one in (OWN, WAITING)]
    text = told(form, *raised)
    assert "Can't tell until fan_in works." in text
    assert text.count("raised.") == 1


@forms
@pytest.mark.parametrize(("changes", "says"), [
    ({}, "Every check passed. Nothing is left to do here."),
    ({"later": 3.0}, "All visible checks passed. 3 of 10 points are looked at after you hand in."),
    ({"later": 1.0}, "All visible checks passed. 1 of 8 points is looked at after you hand in."),
    ({"later": 3.0, "events": s.EVENTS}, "3 of 10 points are looked at after you hand in. One of your cells"),
    ({"asked": ("f", "g")}, "All visible checks of f, g passed. The other functions were not looked at.")])
def test_where_all_passed_it_is_said_what_was_not_looked_at(form: str, changes: dict[str, Any],
                                                           says: str) -> None:
    text = told(form, *s.PASSED, **changes).replace("*", "")
    assert says in text
    assert ("Nothing is left" in text) == (not changes)


@forms
def test_what_this_machine_cannot_look_at_is_no_failure(form: str) -> None:
    text = told(form, *s.PASSED, s.CUDA, later=3.0).replace("*", "")
    assert "All checks that can be made on this machine passed. 3 of 10 points are looked at after" in text
    assert "on this machine" not in told(form, s.CUDA)


@forms
def test_where_not_all_passed_too(form: str) -> None:
    assert "8 of 12 points are looked at after you hand in." in told(form, s.VARIANCE, later=8.0)
    assert "after you hand in" not in told(form, s.VARIANCE)
    assert "8 von 12 Punkten werden erst nach der Abgabe" in told(form, s.VARIANCE, later=8.0, language="de")
    assert "Noch nicht begonnen" in told(form, OWN, language="de")


@forms
def test_a_check_that_passed_beside_anothers_mistake_does_not_claim_more(form: str) -> None:
    beside = structs.replace(s.PASSED[0], after=(s.VARIANCE.id,))
    text = told(form, s.VARIANCE, beside)
    said = text[text.rindex("What works"):]
    assert f"The mistake that {s.VARIANCE.id} tells of is in here too" in said
    assert "Nothing new" in said
    assert "Passed" not in said
    assert "tells of" not in told(form, s.VARIANCE, s.PASSED[0])
    assert "steckt auch hier" in told(form, s.VARIANCE, beside, language="de")


def stopped(cell: int, error: str, message: str = "") -> messages.CellEvent:
    return messages.CellEvent(cell=cell, cause=messages.CellCause.RAISED, error=error, message=message,
                              line=1)


@forms
def test_cells_that_stop_at_a_stub_are_one_line(form: str) -> None:
    """And what hangs on these; what stops for another reason is told as ever."""
    notebook = s.notebook("def fan_in(weight):\n    raise NotImplementedError", "fans = fan_in(0)",
                          "print(fans)", "print(fan)", "raise NotImplementedError('later')")
    events = (stopped(2, "NotImplementedError"), stopped(3, "NameError", "name 'fans' is not defined"),
              stopped(4, "NameError", "name 'fan' is not defined"),
              stopped(5, "NotImplementedError", "later"))
    text = told(form, OWN, events=events, notebook=notebook).replace("*", "")
    ran = text[text.index("While your notebook ran"):]
    assert "Cells 3, 4 stopped at what is not written yet." in ran
    assert "'fans' is not defined" not in text
    assert "Cell 5: NameError: name 'fan' is not defined" in ran
    assert "Cell 6: NotImplementedError: later" in ran
    only = told(form, OWN, events=events[:1], notebook=notebook, language="de")
    assert "Zelle 3 blieb an etwas stehen" in only
    assert "Cell 3" not in only


@forms
def test_of_a_none_it_is_said_where_it_comes_from(form: str) -> None:
    """In place of the check's hint, which is about a right answer."""
    said = records.Sentence(template="%(message)s", values={
        "name": "f", "message": "'NoneType' object has no attribute 'dim'"})
    raised = structs.replace(OWN, cause=records.Cause.RAISED, said=said, lines=())
    text = told(form, raised)
    assert "is a return missing?" in text
    assert "Count." not in text
    diagnosed = structs.replace(raised, diagnosis="no-bias", meaning="There is no bias.")
    assert "is a return missing?" not in told(form, diagnosed)
    assert "Count." in told(form, diagnosed)
