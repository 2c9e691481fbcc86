"""What the commands print beside a report."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from grader.report import console, wording
from grader.wall import messages
from tests import samples as s

LATE = structs.replace(s.VARIANCE, id="late", diagnosis=None, cause=messages.Cause.TIMEOUT)
RESULTS = [s.passed_all("eve"), s.result("ada"), s.result("lin", checks=(*s.PASSED, LATE)), s.withheld("wim"),
           s.unreadable("uma")]


def test_the_class_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    console.class_table(RESULTS, Path("out"))
    told = capsys.readouterr().out
    for words in ("all checks passed", "lecun scaling, raised an error", "ran too long",
                  "a check of the exercise", "the file is no notebook", "1 withheld by a fault"):
        assert words in " ".join(told.split())
    for slug in ("lecun-scaling", "timeout", "wrong-answer"):
        assert slug not in told


def test_the_class_is_told_in_german(capsys: pytest.CaptureFixture[str]) -> None:
    console.class_table(RESULTS, Path("out"), "de")
    told = " ".join(capsys.readouterr().out.split())
    for words in ("Bewertung", "lief zu lange", "alle Prüfungen bestanden", "zurückgehalten", "5 Abgaben"):
        assert words in told
    assert "withheld" not in told


def test_a_mistake_is_told_once_where_it_starts() -> None:
    again = structs.replace(s.VARIANCE, id="again")
    told = console.reason(s.result(checks=(s.VARIANCE, again)), wording.words("en"))
    assert told == "lecun scaling"
