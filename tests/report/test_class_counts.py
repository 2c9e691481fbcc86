"""The figures of the class page, each counted again from results.jsonl by a few lines of this file's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader import records
from grader.keep.output import line
from grader.report import class_page, cohort
from tests import samples as s

CHECKS = ("first", "second", "third")
WRONG = ("fail", "partial")


def rows(results: Iterable[records.Result]) -> list[dict[str, Any]]:
    """What stands in results.jsonl."""
    return [json.loads(line(result)) for result in results]


def not_passed(found: list[dict[str, Any]], check: str) -> tuple[int, int]:
    """How many did not pass a check, and of how many that looked."""
    marks = [v["mark"] for row in found for v in row.get("checks", ())
             if v["id"] == check and v["mark"] != "not-available"]
    return sum(mark in WRONG for mark in marks), len(marks)


def hold(found: list[dict[str, Any]], diagnosis: str) -> tuple[int, int]:
    """How many hold a misconception, and of how many that could be looked at."""
    looked = [row for row in found if row.get("checks", ())]
    return sum(any(v["mark"] in WRONG and v.get("diagnosis") == diagnosis for v in row.get("checks", ()))
               for row in looked), len(looked)


MARKED = st.tuples(st.sampled_from(list(records.Mark)), st.sampled_from(["", "shared", "other"]))


@given(st.lists(st.tuples(*(MARKED for _ in CHECKS)), min_size=1, max_size=12))
def test_the_lecture_says_what_the_file_says(students: list[tuple[tuple[records.Mark, str], ...]]) -> None:
    results = [s.result(f"s{i}", checks=map(verdict, CHECKS, marked)) for i, marked in enumerate(students)]
    found = rows(results)
    exercise = cohort.counted(results).exercises[0]
    for topic in exercise.topics:
        want = hold(found, topic.shared.diagnosis) if topic.shared else not_passed(found, topic.check.id)
        assert (topic.students, topic.of) == want
    for check in exercise.checks:
        assert (check.failed, check.seen) == not_passed(found, check.id)
        assert check.failed == sum(reason.students for reason in check.reasons) + check.follows


def verdict(check: str, marked: tuple[records.Mark, str]) -> records.Verdict:
    mark, diagnosis = marked
    wrong = mark.value in WRONG
    return structs.replace(s.VARIANCE, id=check, title=check, mark=mark,
                           diagnosis=diagnosis or None if wrong else None,
                           cause=records.Cause.WRONG_ANSWER if wrong else None)


def test_the_page_says_of_each_check_what_the_table_below_says() -> None:
    def handed_in(student: str, first: str | None, second: str | None) -> records.Result:
        """With the misconception that each check shows: "" for none, None where it is passed."""
        return s.result(student, checks=[structs.replace(
            s.PASSED[0] if shown is None else s.VARIANCE, id=name, title=f"promise of {name}",
            diagnosis=shown or None) for name, shown in (("first", first), ("second", second))])

    results = [*(handed_in(f"a{i}", "shared", None) for i in range(4)),
               *(handed_in(f"b{i}", "", None) for i in range(4)),
               *(handed_in(f"c{i}", None, "shared") for i in range(2)),
               *(handed_in(f"p{i}", None, None) for i in range(32)), s.withheld("w")]
    html = class_page.render(results, {}, title="t", links={}, isolated=True)
    talk = html[html.index('id="talk"'):html.index('id="checks"')]
    assert "<strong>8 of 42</strong> did not pass: promise of first" in talk
    assert "<strong>6 of 43</strong>: " in talk
    table = html[html.index('id="checks"'):]
    assert re.search(r'promise of first.*?<td data-label="Not passed">.*?8 of 42', table, re.DOTALL)


@pytest.mark.parametrize("size", [40, 200])
def test_the_head_says_what_the_file_says(size: int) -> None:
    results, _ = s.cohort(size)
    found = rows(results)
    html = class_page.render(results, {}, title="t", links={}, isolated=True)
    facts = {re.sub("<[^>]*>", "", name): int(count)
             for name, count in re.findall(r"<dt>(.*?)</dt><dd>(\d+)</dd>", html)}
    assert facts["students"] == len({row["student"] for row in found})
    for status in "withheld", "unreadable":
        assert facts[status] == sum(row["status"] == status for row in found)
    assert facts["need you"] == sum(row["status"] == "withheld" or bool(row.get("needs_you"))
                                    for row in found)
