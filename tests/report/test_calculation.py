"""The lines from raw to final points, and what of a result is not the student's to know yet."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec import structs

from grader import records
from grader.records import Calculation, Counted, Mark
from grader.report import calculation, markdown, student
from grader.report.wording import words
from tests import samples as s

DUE = "2026-11-20T23:59:00+01:00"
WRITTEN = records.WrittenAnswer(id="why", question="Why?", text="So.", max_points=2.0, points=1.0, by="kim")


def ruled(*attempts: Counted, result: records.Result | None = None, **more: Any) -> records.Result:
    calculation = Calculation(attempts=attempts, counts=more.pop("counts", len(attempts) - 1),
                              due=more.pop("due", DUE), **more)
    final = attempts[calculation.counts].final if attempts else None
    return structs.replace(result or s.result(), rules=calculation, score=final)


def late(penalty: float = 4.0, raw: float = 20.0, **more: Any) -> Counted:
    return Counted(number=more.pop("number", 1), raw=raw, penalty=penalty,
                   late_seconds=more.pop("late_seconds", 26 * 3600.0),
                   share=more.pop("share", penalty / 20), **more)


def said(result: records.Result, language: str = "en") -> tuple[str, ...]:
    return calculation.lines(result, words(language))


def test_a_student_can_follow_the_days() -> None:
    result = ruled(late(days=2, per_day=0.1))
    assert said(result) == (
        "Your deadline: 2026-11-20 23:59 (UTC+1).",
        "Handed in 26 h after the deadline; 2 days begun, 10 % of 20 points each: 20 − 4 = 16.")
    assert said(result, "de") == (
        "Deine Frist: 20.11.2026 23:59 (UTC+1).",
        "26 h nach der Frist abgegeben; 2 angefangene Tage, je 10 % von 20 Punkten: 20 − 4 = 16.")


@pytest.mark.parametrize(("one", "line"), [
    (late(2, days=1, per_day=0.1, late_seconds=61),
     "Handed in 2 min after the deadline; 1 day begun, 10 % of 20 points each: 20 − 2 = 18."),
    (late(6, days=9, per_day=0.1, capped=True),
     "Handed in 26 h after the deadline; 9 days begun, 10 % of 20 points each, and at most 30 %: "
     "20 − 6 = 14."),
    (late(5, after_hours=24),
     "Handed in 26 h after the deadline; more than 24 hours take 25 % of 20 points: 20 − 5 = 15."),
    (late(2), "Handed in 26 h after the deadline; that takes 10 % of 20 points: 20 − 2 = 18."),
    (late(0, late_seconds=59.2, within_grace=True),
     "Handed in 1 min after the deadline. So little takes nothing."),
    (late(0, late_seconds=12), "Handed in 12 s after the deadline. Nothing is taken for it."),
    (late(5, late_seconds=0, without_time=True),
     "Handed in late; nobody says how late. That takes 25 % of 20 points: 20 − 5 = 15."),
    (late(2.5, raw=2.5, share=0.5, late_seconds=5 * 86400 + 1),
     "Handed in 5 days 1 h after the deadline; that takes 50 % of 20 points: 2.5 − 2.5 = 0."),
])
def test_each_way_of_being_late_has_its_line(one: Counted, line: str) -> None:
    assert said(ruled(one))[-1] == line
    assert said(ruled(one), "de")[-1] != line


def test_who_is_in_time_is_told_nothing() -> None:
    assert said(ruled(Counted(number=1, raw=20.0))) == ()
    assert said(s.result()) == ()


def test_an_extension_is_told_and_the_end_of_a_day() -> None:
    assert said(ruled(Counted(number=1, raw=20.0), due="2026-11-23T00:00:00+01:00", extended=True)) == (
        "Your deadline, extended: 2026-11-22 24:00 (UTC+1).",)


def test_which_attempt_counts_and_why() -> None:
    result = ruled(Counted(number=1, raw=18.0), late(number=2, days=2, per_day=0.1), counts=0, best=True)
    assert said(result) == ("Of your attempts the best counts: attempt 1.",
                            "Attempt 1: 18. Attempt 2: 20 − 4 = 16.",
                            "What follows here is about attempt 2, your last.")
    limited = ruled(Counted(number=1, raw=1.0), Counted(number=2, raw=2.0), Counted(number=3, raw=3.0),
                    counts=1, most_attempts=2)
    assert said(limited)[0] == "Of your attempts the last counts that is among the first 2: attempt 2."
    assert said(ruled(Counted(number=1, raw=1.0), Counted(number=2, raw=2.0))) == ()


def test_a_bonus_is_said() -> None:
    assert said(ruled(Counted(number=1, raw=1.0), bonus=True))[-1].startswith("A bonus:")


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_report_tells_it(language: str) -> None:
    result = ruled(late(days=2, per_day=0.1))
    told = said(result, language)
    html = student.render(result, s.NOTEBOOK, language=language)
    text = markdown.render(result, s.NOTEBOOK, language=language)
    for line in told:
        assert line in html
        assert line in text.replace("\\", "")
    assert ">16 <span>/ 20" in html
    assert "**16 / 20" in text


def test_who_is_excused_is_told_so() -> None:
    result = structs.replace(ruled(result=s.result()), status=records.Status.EXCUSED, score=None)
    html = student.render(result, s.NOTEBOOK)
    assert "Excused" in html
    assert "left out of your total" in html
    assert "Mark withheld" not in html
    assert said(result) == ()


# --- hidden checks -------------------------------------------------------------------------------------


def kept(**more: Any) -> records.Result:
    return ruled(Counted(number=1, raw=7.0, handed_in_at="x"), kept_back=True, **more)


def test_a_hidden_check_s_outcome_is_not_the_student_s_before_the_deadline() -> None:
    before = kept()
    shown = calculation.as_student(before)
    assert [check.id for check in shown.checks] == [check.id for check in s.CHECKS if check.visible]
    assert (shown.score, shown.max_score, shown.later) == (7.0, 19.0, 1.0)
    for text in (student.render(before, s.NOTEBOOK), markdown.render(before, s.NOTEBOOK)):
        assert s.HIDDEN.title not in text
        assert s.HIDDEN.advice not in text
        assert "hidden checks" in text


def test_no_page_tells_how_hidden_checks_ended() -> None:
    """The same bytes, whether they passed or not."""
    failed = kept()
    assert failed.rules is not None
    passed = structs.replace(failed, checks=tuple(
        structs.replace(check, mark=Mark.PASS, points=check.max_points) if not check.visible else check
        for check in failed.checks), score=8.0, rules=structs.replace(
            failed.rules, attempts=(Counted(number=1, raw=8.0, handed_in_at="x"),)))
    for render in student.render, markdown.render:
        assert render(failed, s.NOTEBOOK) == render(passed, s.NOTEBOOK)
        assert render(structs.replace(failed, rules=None), s.NOTEBOOK) != render(
            structs.replace(passed, rules=None), s.NOTEBOOK)
    assert calculation.stamp(failed) == calculation.stamp(passed)


def test_after_the_deadline_it_is_told() -> None:
    before = kept()
    assert before.rules is not None
    after = structs.replace(before, rules=structs.replace(before.rules, kept_back=False))
    assert calculation.as_student(after) is after
    assert s.HIDDEN.title in student.render(after, s.NOTEBOOK)


def test_where_nothing_is_hidden_nothing_is_kept_back() -> None:
    result = kept(result=s.passed_all())
    assert calculation.as_student(result) is result


def test_a_withheld_mark_stays_withheld() -> None:
    result = structs.replace(kept(), score=None, status=records.Status.WITHHELD)
    assert calculation.as_student(result).score is None


def test_a_page_says_under_which_rules_it_was_written(tmp_path: Any) -> None:
    page = tmp_path / "he_init.html"
    assert not calculation.shows(page, s.result())
    for result in (s.result(), ruled(late()), ruled(late(2)), kept()):
        page.write_text(student.render(result, s.NOTEBOOK), encoding="utf-8")
        assert calculation.shows(page, result)
        assert not calculation.shows(page, ruled(late(3)))
        assert calculation.shows(page, s.result()) is (result.rules is None)
        assert len(re.findall('<meta name="rules"', page.read_text())) == (result.rules is not None)


@pytest.mark.parametrize("word", [
    {"comment": "Nearly."}, {"bonus": 1.0, "by": "tutor"}, {"by": "tutor"},
    {"checks": (structs.replace(s.passed_all().checks[0], points=0.5, by="tutor"),)},
    {"written": (WRITTEN,)}, {"written": (structs.replace(WRITTEN, points=None, comments=("Why?",)),)}],
    ids=lambda word: "-".join(word))
def test_a_page_says_which_words_of_a_tutor_are_in_it(word: dict[str, Any], tmp_path: Any) -> None:
    page, plain = tmp_path / "he_init.html", s.passed_all()
    spoken = structs.replace(plain, **word)
    for one, other in (plain, spoken), (spoken, plain):
        page.write_text(student.render(one, s.NOTEBOOK), encoding="utf-8")
        assert calculation.shows(page, one)
        assert not calculation.shows(page, other)


def test_an_answer_that_waits_is_no_word(tmp_path: Any) -> None:
    page = tmp_path / "he_init.html"
    page.write_text(student.render(s.passed_all(), s.NOTEBOOK), encoding="utf-8")
    waits = structs.replace(WRITTEN, points=None)
    assert calculation.shows(page, structs.replace(s.passed_all(), written=(waits,)))
