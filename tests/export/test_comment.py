"""What stands beside a mark in Moodle: every lost point is accounted for, in the report's order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader import judge, records
from grader.export.comment import comment
from grader.keep.marking import Override, overridden
from grader.records import Cause, Mark
from grader.report.story import tell
from grader.wall import messages
from tests import samples as s

NOTEBOOK = s.notebook("def f(weight):\n    raise NotImplementedError",
                      "import nothing\ndef g():\n    return 1")
STOPPED = messages.CellEvent(cell=2, cause=messages.CellCause.RAISED, error="ImportError", line=1)
STUB = messages.Line(cell=1, line=2, text="raise NotImplementedError")
GONE = records.Sentence(template=judge.UNDEFINED, values={"name": "g"})
UNWRITTEN = records.Sentence(template="`%(name)s` raised.", values={"name": "f"})


def lost(text: str) -> list[float]:
    return [float(full) - float(got) for got, full in re.findall(r"\((\S+) of (\S+) points?\)", text)]


def check(number: int, **said: object) -> records.Verdict:
    """Each is worth another power of two, so that a sum tells which ones are in it."""
    plain = records.Verdict(id=f"check-{number}", title=f"Promise {number}.", mark=Mark.FAIL, points=0.0,
                            max_points=2.0 ** number, cause=Cause.WRONG_ANSWER, message=f"Found {number}.",
                            functions=("f",))
    return structs.replace(plain, **said)


def as_passed(v: records.Verdict) -> records.Verdict:
    return structs.replace(v, mark=Mark.PASS, points=v.max_points, cause=None, message="")


KINDS: dict[str, dict[str, object]] = {
    "passed": {},
    "wrong": {"cause": Cause.WRONG_ANSWER},
    "half": {"mark": Mark.PARTIAL, "points": 0.25},
    "named": {"diagnosis": "lecun-scaling", "meaning": "LeCun's."},
    "hidden": {"visible": False},
    "slow": {"cause": Cause.TIMEOUT},
    "stub": {"cause": Cause.NOT_STARTED, "lines": (STUB,), "said": UNWRITTEN},
    "gone": {"cause": Cause.MISSING, "functions": ("g",), "said": GONE},
    "hanging on the first": {"mark": Mark.NOT_REACHED, "cause": Cause.PREREQUISITE, "root": "check-1"},
    "hanging on nothing": {"mark": Mark.NOT_REACHED, "cause": Cause.PREREQUISITE},
    "no GPU": {"mark": Mark.NOT_AVAILABLE, "cause": Cause.NEEDS_CUDA},
}


@given(kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=8))
def test_every_lost_point_is_in_it_once(kinds: list[str]) -> None:
    checks = [as_passed(check(n)) if kind == "passed" else check(n, **KINDS[kind])
              for n, kind in enumerate(kinds, 1)]
    result = s.result(checks=checks, events=(STOPPED,))
    text = comment(result, NOTEBOOK, "en")
    assert sorted(lost(text)) == sorted(v.max_points - v.points for v in checks
                                        if v.mark not in (Mark.PASS, Mark.NOT_AVAILABLE))
    assert sum(lost(text)) == result.max_score - (result.score or 0.0)


def test_the_order_is_the_reports() -> None:
    checks = [check(1), check(2, **KINDS["stub"]), check(3, **KINDS["gone"])]
    result = s.result(checks=checks, events=(STOPPED,))
    text, story = comment(result, NOTEBOOK, "en"), tell(result, NOTEBOOK)
    first, second, third = re.findall("<li>(.*?)</li>", text)
    assert story.to_do[0].id == ""
    assert first.startswith("Not yet (8 points depend on it): Cell 3 stopped")
    assert first.endswith("1 check needs this cell: <code>check-3</code> (0 of 8 points)")
    assert "Promise 1." in second
    assert third.startswith("Not started (0 of 4 points): Promise 2.")


def test_a_tutors_words_are_said_to_be_theirs_and_stand_once() -> None:
    result = s.result(checks=[check(1), check(2)])
    said = [Override(student="ada", exercise="he_init", sha256=result.stamp, check="check-1", points=1.0,
                     comment="Nearly. Good."),
            Override(student="ada", exercise="he_init", sha256=result.stamp, check="check-2", points=None,
                     comment="See me.")]
    text = comment(overridden(result, said), NOTEBOOK, "en")
    assert "<p>From your tutor: Nearly. Good. See me.</p>" in text
    assert text.count("Nearly") == 1
    assert "Partly there (1 of 2 points): Promise 1." in text
    assert "Found 2." in text


@pytest.mark.parametrize("language", ["en", "de"])
def test_it_is_in_the_students_language_and_escaped(language: str) -> None:
    bad = check(1, title="<b> `x<y`", message="<script>", advice="a & b")
    text = comment(s.result(checks=[bad]), "", language)
    assert re.sub("</?(p|ol|li|code|br)>", "", text).count("<") == 0
    assert "&lt;b&gt; <code>x&lt;y</code>" in text
    assert ("Noch nicht" in text) is (language == "de")


def test_what_could_not_be_read_says_why_and_what_passed_says_no_more() -> None:
    assert "it ends in the middle" in comment(s.unreadable(), "", "en")
    assert comment(s.passed_all(), s.NOTEBOOK, "en") == "<p>he_init: 19 / 19 points</p>"


def test_points_lost_in_writing_are_told_with_what_the_tutor_says_of_them() -> None:
    answers = [records.WrittenAnswer(id=id, question=f"## {id}?", text="So.", max_points=3.0, points=points,
                                     comments=(f"On {id}.",)) for id, points in (("why", 2.0), ("how", 3.0))]
    text = comment(structs.replace(s.passed_all(), written=tuple(answers), score=24.0, max_score=25.0),
                   NOTEBOOK, "en")
    assert "<li>Partly there (2 of 3 points): why?<br>On why.</li>" in text
    assert "how?" not in text
