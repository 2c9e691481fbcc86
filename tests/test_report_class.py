"""The tutor's page, and what is counted for it."""

from __future__ import annotations

import re
import time

import pytest
from msgspec import structs

from grader import records as r
from grader.report import class_page, cohort
from tests import samples as s
from tests.test_report_student import HOSTILE, Tags, hostile


def page(results: list[r.Result], notebooks: dict[tuple[str, str], str] | None = None, *, isolated: bool = True,
         links: dict[tuple[str, str], str] | None = None) -> str:
    return class_page.render(results, notebooks or {}, title="Sheet 3", links=links or {}, isolated=isolated)


def wrong(student: str, diagnosis: str | None) -> r.Result:
    verdict = structs.replace(s.VARIANCE, diagnosis=diagnosis, meaning=f"means {diagnosis}")
    return s.result(student, checks=(*s.PASSED, verdict))


def test_it_says_how_many_share_a_misconception() -> None:
    results = [wrong(f"a{i}", "fan-out") for i in range(3)] + [wrong("b", "lecun"), wrong("c", None), s.passed_all("d")]
    check = next(c for c in cohort.counted(results).exercises[0].checks if c.id == "variance")
    assert (check.seen, check.passed, check.failed) == (6, 1, 5)
    assert [(shared.diagnosis, shared.students) for shared in check.shared] == [("fan-out", 3), ("lecun", 1)]
    html = page(results)
    assert re.search(r"<strong>3 of 6</strong>\s*<code>fan-out</code>: means fan-out", html)


def test_the_lecture_is_about_what_many_share() -> None:
    results = [wrong(f"a{i}", "fan-out") for i in range(30)] + [wrong("b", "lecun")]
    topics = cohort.counted(results).exercises[0].topics
    assert [topic.shared.diagnosis for topic in topics if topic.shared] == ["fan-out"]


def test_a_misconception_counts_each_student_once_and_a_check_failed_in_many_ways_is_a_topic() -> None:
    twice = [structs.replace(s.VARIANCE, id=name, diagnosis="fan-out") for name in ("one", "two")]
    both = [s.result(f"s{i}", checks=twice) for i in range(4)]
    ways = [s.result(f"w{i}", checks=[structs.replace(s.VARIANCE, id="two", diagnosis=f"way-{i}")]) for i in range(3)]
    first, second = cohort.counted([*both, *ways]).exercises[0].topics
    assert (first.students, first.shared and first.shared.diagnosis) == (4, "fan-out")
    assert (second.students, second.shared, second.check.id) == (3, None, "two")


def test_what_is_withheld_has_no_mark_and_a_reason() -> None:
    html = page([s.withheld("wim"), s.result("ada")])
    assert "gain: the check raised KeyError" in html
    row = html[html.index("<bdi>wim</bdi></th>"):]
    assert "withheld" in row[: row.index("</tr>")]
    assert not re.search(r">\s*0\s*<", row[: row.index("</tr>")])
    standing = next(x for x in cohort.counted([s.withheld("wim")]).standings)
    assert standing.score is None


def test_what_was_not_handed_in_counts_for_nothing_but_keeps_its_maximum() -> None:
    standings = cohort.counted([s.result("ada", "one"), s.result("ben", "one"), s.result("ben", "two")]).standings
    ada = next(x for x in standings if x.student == "ada")
    assert (ada.score, ada.max_score) == (7.0, 40.0)


def test_the_distribution_counts_every_mark_once() -> None:
    results, _ = s.cohort(60)
    for exercise in cohort.counted(results).exercises:
        assert sum(exercise.bins) == exercise.graded + exercise.unreadable


@pytest.mark.parametrize(("isolated", "sandbox", "warned"), [
    (True, "bubblewrap", False), (False, "bubblewrap", True), (True, "process", True)])
def test_a_class_without_isolation_is_told_so(isolated: bool, sandbox: str, warned: bool) -> None:
    html = page([s.result(made_by=structs.replace(s.MADE_BY, sandbox=sandbox))], isolated=isolated)
    assert ("There was no isolation." in html) is warned


def test_links_lead_to_reports_and_nowhere_else() -> None:
    html = page([s.result("ada"), s.result("ben")], links={("ada", "he_init"): "ada/he_init.html",
                                                           ("ben", "he_init"): "javascript:alert(1)"})
    assert 'href="ada/he_init.html"' in html
    assert "javascript:" not in html


def test_hostile_names_make_no_element_and_no_second_script() -> None:
    unreadable = structs.replace(s.unreadable(HOSTILE, "x"), reason=HOSTILE)
    results = [hostile(), unreadable, s.withheld(HOSTILE, "y")]
    html = page(results, links={(HOSTILE, "x"): f'"><script>{HOSTILE}'})
    tags = Tags(html)
    assert [tag for tag, _ in tags.found].count("script") == 1
    assert not [a for _, attributes in tags.found for a in attributes if a.startswith("on") or a == "style"]
    assert not re.search("[\u202a-\u202e\x1b\ud800-\udfff]", html)
    assert len(tags.ids) == len(set(tags.ids))


def test_only_our_own_script_may_run() -> None:
    html = page([s.result()])
    assert "script-src &#39;sha256-" in html
    assert "unsafe" not in html


def test_an_empty_class_has_a_page() -> None:
    assert "Sheet 3" in page([])


def test_two_thousand_students_are_written_in_seconds() -> None:
    results, notebooks = s.cohort(2000, ("he_init",))
    began = time.process_time()
    html = page(results, notebooks)
    assert time.process_time() - began < 10
    assert html.count("<tr data-flags") == len({result.student for result in results})
