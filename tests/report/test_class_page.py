"""The tutor's page, and what is counted for it."""

from __future__ import annotations

import re

import pytest
from msgspec import structs

from grader import records
from grader.report import class_page, cohort
from tests import samples as s
from tests.report.test_resemblance import disguised, own_work
from tests.report.test_student import HOSTILE, Tags, hostile


def page(results: list[records.Result], notebooks: dict[tuple[str, str], str] | None = None, *,
         isolated: bool = True, links: dict[tuple[str, str], str] | None = None) -> str:
    return class_page.render(results, notebooks or {}, title="Sheet 3", links=links or {}, isolated=isolated)


def wrong(student: str, diagnosis: str | None) -> records.Result:
    verdict = structs.replace(s.VARIANCE, diagnosis=diagnosis, meaning=f"means {diagnosis}")
    return s.result(student, checks=(*s.PASSED, verdict))


def test_it_says_how_many_share_a_misconception() -> None:
    results = [wrong(f"a{i}", "fan-out") for i in range(3)] + [wrong("b", "lecun"), wrong("c", None),
                                                               s.passed_all("d")]
    check = next(c for c in cohort.counted(results).exercises[0].checks if c.id == "variance")
    assert (check.seen, check.passed, check.failed) == (6, 1, 5)
    assert [(reason.diagnosis, reason.students) for reason in check.reasons] == [("fan-out", 3), ("lecun", 1),
                                                                                 ("", 1)]
    assert re.search(r'<strong>3 of 6</strong>: means fan-out <code class="slug">fan-out</code>',
                     page(results))


def test_the_lecture_is_about_what_many_share() -> None:
    results = [wrong(f"a{i}", "fan-out") for i in range(30)] + [wrong("b", "lecun")]
    topics = cohort.counted(results).exercises[0].topics
    assert [topic.shared.diagnosis for topic in topics if topic.shared] == ["fan-out"]


def test_a_misconception_counts_each_student_once_and_a_check_failed_in_many_ways_is_a_topic() -> None:
    twice = [structs.replace(s.VARIANCE, id=name, diagnosis="fan-out") for name in ("one", "two")]
    both = [s.result(f"s{i}", checks=twice) for i in range(4)]
    ways = [s.result(f"w{i}", checks=[structs.replace(s.VARIANCE, id="two", diagnosis=f"way-{i}")])
            for i in range(3)]
    first, second = cohort.counted([*both, *ways]).exercises[0].topics
    assert (first.students, first.shared and first.shared.diagnosis) == (4, "fan-out")
    assert (second.students, second.shared, second.check.id) == (7, None, "two")


def failed(check: str, points: float = 2.0, diagnosis: str = "",
           cause: records.Cause = records.Cause.WRONG_ANSWER) -> records.Verdict:
    return structs.replace(s.VARIANCE, id=check, title=f"promise of {check}", max_points=points, cause=cause,
                           diagnosis=diagnosis or None, meaning=f"means {diagnosis}" if diagnosis else "")


def test_a_consequence_is_no_topic_and_points_weigh_more_than_the_alphabet() -> None:
    chain = [s.result(f"s{i}", checks=[failed("root", 4, "lecun"), failed("gradient", 2, "lecun")])
             for i in range(3)]
    other = [s.result(f"o{i}", checks=[failed("aside", 1, "seeded")]) for i in range(4)]
    exercise = cohort.counted([*chain, *other]).exercises[0]
    assert [(t.check.id, t.students, t.lost) for t in exercise.topics] == [("root", 3, 18.0),
                                                                           ("aside", 4, 4.0)]
    gradient = next(check for check in exercise.checks if check.id == "gradient")
    assert (gradient.failed, gradient.follows, gradient.reasons) == (3, 3, ())
    assert "3 ×</span> <span>follows from an earlier check" in page([*chain, *other])


def test_what_was_not_reached_is_among_what_a_mistake_costs() -> None:
    results = [s.result(f"s{i}", checks=(s.VARIANCE, *s.HANGING)) for i in range(2)]
    assert cohort.counted(results).exercises[0].topics[0].lost == 2 * (4.0 + 2.0 + 2.0)


def test_a_check_failed_in_many_ways_says_in_which() -> None:
    ways = [failed("init", diagnosis="fan-out"), failed("init", cause=records.Cause.RAISED),
            failed("init", cause=records.Cause.CRASHED), failed("init", cause=records.Cause.MISSING),
            failed("init", cause=records.Cause.MISSING)]
    html = page([s.result(f"s{i}", checks=[way]) for i, way in enumerate(ways)])
    talk = html[html.index('id="talk"'):html.index('id="checks"')]
    said = re.findall(r'class="number">(\d) ×</span> <span>([^<]*)', talk)
    assert [(int(n), text.strip()) for n, text in said] == [
        (2, "not written"), (1, "means fan-out"), (1, "raised an error"), (1, "ended the Python process")]
    assert "without a misconception" not in html


def test_the_numbers_of_a_check_add_up() -> None:
    results = [s.result("a", checks=(s.VARIANCE, *s.HANGING, s.CUDA)), s.withheld("b"), s.passed_all("c")]
    exercise = cohort.counted(results).exercises[0]
    for check in exercise.checks:
        given = sum(any(v.id == check.id for v in result.checks) for result in results)
        assert check.passed + check.failed + check.not_reached + check.broken + check.not_available == given
    html = page(results)
    assert ">Withheld</th>" in html
    assert ">Not looked at</th>" in html
    assert "0 of 0" not in html
    assert ">Withheld</th>" not in page([s.passed_all("c")])


def test_who_mends_what_is_withheld() -> None:
    ours = structs.replace(s.withheld("x", "other"), checks=s.PASSED, reason="the sandbox did not start")
    html = page([s.withheld("wim"), ours])
    assert html.count("<code>grader rejudge</code>") == 1
    assert html.count("Run the same command again") == 1


def test_an_exercise_is_named_by_its_title_and_its_id_stays_in_sight() -> None:
    html = page([structs.replace(s.result(), title="Weights that last")])
    assert 'Weights that last <code class="slug">he_init</code>' in html
    assert 'The weights have mean 0. <code class="slug">mean</code>' in html


def test_a_total_says_of_how_many_and_one_exercise_makes_names_links() -> None:
    links = {("ada", "he_init"): "ada/he_init.html"}
    html = page([s.result("ada")], links=links)
    assert 'Total <span class="soft">/ 20</span>' in html
    assert '<a href="ada/he_init.html"><bdi>ada</bdi></a></th>' in html
    two = page([s.result("ada"), s.result("ada", "two")], links=links)
    assert '<th scope="row"><bdi>ada</bdi></th>' in two


def test_a_row_that_looks_like_another_says_so() -> None:
    notebooks = {(name, "he_init"): s.notebook(code)
                 for name, code in (("ada", own_work(1)), ("ben", disguised(own_work(1))),
                                    ("cem", own_work(2)))}
    html = page([s.result(name) for name, _ in notebooks], notebooks)
    marked = [row for row in rows(html) if 'href="#alike"' in row]
    assert [re.search(r"<bdi>(\w+)", row)[1] for row in marked] == ["ada", "ben"]  # type: ignore[index]
    assert "ada" in needing(html)


def test_what_needs_the_tutor_comes_first_and_can_be_filtered() -> None:
    need = records.NeedsYou(kind="not-simulated", reason="`f` asked the GPU in vain", checks=("variance",))
    html = page([structs.replace(s.result("ada"), needs_you=(need,)), s.withheld("wim"), s.passed_all("eve")])
    block = needing(html)
    assert block.index("wim") < block.index("asked the GPU in vain") < block.index("ada")
    assert "grader override" in block
    assert "eve" not in block
    flags = dict(re.findall(r'data-flags="([^"]*)"><th scope="row"><bdi>(\w+)', html))
    assert {who for flag, who in flags.items() if "needs-you" in flag.split()} == {"ada", "wim"}
    assert "Nothing does." in needing(page([s.passed_all("eve")]))


def needing(html: str) -> str:
    return html[html.index('<h2 id="needs-you"'):html.index('<h2 id="people"')]


def rows(html: str) -> list[str]:
    """The students' table."""
    return re.findall(r"<tr.*?</tr>", html[html.index('<table id="students"'):html.index('id="talk"')])[1:]


def called(html: str) -> list[str]:
    """Each row's name and id."""
    return [" ".join(re.findall(r"<bdi[^>]*>([^<]*)", row)) for row in rows(html)]


def test_people_are_listed_by_name_with_the_id_beside_it() -> None:
    named = {"1010": "Anna Schmidt", "1009": "Anna Schmidt", "30": "Zoë Weber", "31": "Änne Adam", "s10": "",
             "s2": "", "32": "Bert &amp; Co"}
    results = [s.result(id, name=name.replace("&amp;", "&")) for id, name in named.items()]
    html = page(results, links={("1010", "he_init"): "1010/he_init.html"})
    assert called(html) == ["Anna Schmidt 1009", "Anna Schmidt 1010", "Änne Adam 31", "Bert &amp; Co 32",
                            "s2", "s10", "Zoë Weber 30"]
    assert '<a href="1010/he_init.html"><bdi>Anna Schmidt</bdi></a> <bdi class="soft">1010</bdi>' in html


def test_blind_names_nobody() -> None:
    assert called(page([s.result("Participant_1003")])) == ["Participant_1003"]


def test_a_name_that_is_the_id_is_said_once() -> None:
    assert called(page([s.result("ada", name="ada")])) == ["ada"]


def unclear(student: str) -> records.Result:
    said = records.Sentence(template="it is not clear which of these files counts: %(files)s",
                            values={"files": "a.ipynb, b.ipynb"})
    need = records.NeedsYou(kind="unclear", reason=said.template % said.values, said=said)
    claims = tuple(records.NotebookFile(path=name, sha256=name) for name in ("a.ipynb", "b.ipynb"))
    return s.result(student, checks=(), status=records.Status.UNCLEAR, score=None, max_score=20.0,
                    reason="why", needs_you=(need,), claims=claims)


def missing(student: str, exercise: str = "he_init") -> records.Result:
    return s.result(student, exercise, (), status=records.Status.MISSING, score=None, max_score=20.0)


def test_whoever_has_no_mark_is_told_apart() -> None:
    html = page([s.withheld("wim"), unclear("uta"), missing("mia"), s.result("ada")])
    by_name = dict(zip(called(html), rows(html), strict=True))
    for who, word in ("wim", "withheld"), ("uta", "unclear"), ("mia", "missing"):
        marks = re.findall(r"<td[^>]*>(?:<span.*?</span> )?([^<]*)", by_name[who])
        assert marks == [word, word], who
        assert not re.search(r">\s*0\s*<", by_name[who])
    block = needing(html)
    assert "counts: a.ipynb, b.ipynb" in block
    assert "uta" in block
    assert "mia" not in block
    assert re.findall(r"<dt>(\w+)</dt><dd>(\d)</dd>", html)[:3] == [
        ("students", "4"), ("submissions", "3"), ("missing", "1")]
    assert [set(re.findall(r'="([^"]*)"', by_name[who])[0].split()) for who in ("uta", "mia")] == [
        {"needs-you", "unclear"}, {"missing"}]


def test_what_is_missing_counts_for_nothing_and_nothing_at_all_has_no_total() -> None:
    standings = {x.student: x for x in cohort.counted([
        s.result("ada"), missing("ada", "devices"), s.result("ben", "devices"), missing("mia"),
        missing("mia", "devices")]).standings}
    assert (standings["ada"].score, standings["ada"].max_score) == (7.0, 40.0)
    assert (standings["mia"].score, standings["mia"].max_score) == (None, 40.0)
    assert cohort.counted([s.result("ada"), missing("mia")]).exercises[0].bins == cohort.counted(
        [s.result("ada")]).exercises[0].bins


def test_a_team_does_not_look_like_itself() -> None:
    notebook = s.notebook(own_work(1))
    results = [s.result(name, team="A") for name in ("ada", "ben")]
    books = {(name, "he_init"): notebook for name in ("ada", "ben")}
    assert 'href="#alike"' not in page(results, books)
    assert 'href="#alike"' in page([s.result(name) for name in ("ada", "ben")], books)


def test_what_is_withheld_has_no_mark_and_a_reason() -> None:
    html = page([s.withheld("wim"), s.result("ada")])
    assert "gain: the check raised KeyError" in html
    row = html[html.index("<bdi>wim</bdi></th>"):]
    assert "withheld" in row[: row.index("</tr>")]
    assert not re.search(r">\s*0\s*<", row[: row.index("</tr>")])
    standing = next(x for x in cohort.counted([s.withheld("wim")]).standings)
    assert standing.score is None


def test_what_was_not_handed_in_counts_for_nothing_but_keeps_its_maximum() -> None:
    standings = cohort.counted([s.result("ada", "one"), s.result("ben", "one"),
                                s.result("ben", "two")]).standings
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


@pytest.mark.timeout(120)
def test_two_thousand_students_have_a_page() -> None:
    results, notebooks = s.cohort(2000, ("he_init",))
    html = page(results, notebooks)
    assert len(rows(html)) == len({result.student for result in results})


def test_the_course_decides_order_and_weight() -> None:
    results = [s.result("ada", "one"), s.passed_all("ada", "two")]
    found = cohort.counted(results, {"two": 0.5, "one": 2.0})
    assert [exercise.name for exercise in found.exercises] == ["two", "one"]
    assert (found.standings[0].score, found.standings[0].max_score) == (23.5, 49.5)


def test_an_exercise_is_short_in_the_table_and_whole_in_its_tooltip() -> None:
    html = page([structs.replace(s.result(), title="Weights that last")])
    head = html[html.index('<table id="students"'):html.index("<tbody>")].replace("\u200b", "")
    assert '<th scope="col" title="Weights that last"><span>he_init <span class="soft">/ 20</span>' in head
    assert 'data-label="he_init"' in rows(html)[0].replace("\u200b", "")


def test_what_came_late_and_what_a_tutor_set_says_so() -> None:
    by_hand = [structs.replace(s.VARIANCE, by="Tilda <b>"), *s.PASSED]
    html = page([s.result("ada", late=True), s.result("ben", checks=by_hand), s.result("cem")])
    ada, ben, cem = rows(html)
    assert "<i>late</i>" in ada
    assert '<i title="Tilda &lt;b&gt;">by hand</i>' in ben
    assert "<i" not in cem
    assert [re.findall(r'data-flags="([^"]*)"', row) for row in (ada, ben, cem)] == [
        ["late low"], ["tutor"], ["low"]]
    assert "<dt>late</dt><dd>1</dd>" in html


def test_a_penalty_and_what_is_provisional_stand_beside_the_mark() -> None:
    due, at = "2026-11-20T23:59:00+01:00", "2026-11-22T01:59:00+01:00"
    one = records.Counted(number=1, raw=19.0, penalty=3.8, handed_in_at=at)
    waits = records.WrittenAnswer(id="think", question="Why?", text="So.", max_points=2.0)
    html = page([s.result("ada", score=15.2, rules=records.Calculation(attempts=(one,), due=due)),
                 s.result("ben", written=(waits,))])
    ada, ben = rows(html)
    assert "<i>late −3.8</i>" in ada
    assert "<i>provisional</i>" in ben


def test_all_distributions_have_one_scale() -> None:
    few = [s.passed_all(f"f{i}", "few") for i in range(2)]
    html = page([*few, *(s.passed_all(f"m{i}", "many") for i in range(20))])
    heights = [float(x) for x in re.findall(r'class="fill"[^>]*height="([\d.]+)"', html)]
    assert heights == pytest.approx([9.2, 92.0])


def test_many_submissions_with_one_need_are_folded_and_none_is_lost() -> None:
    block = needing(page([s.withheld(f"w{i}", f"e{i % 5}") for i in range(60)]))
    assert block.count("12 submissions</span></summary>") == 5
    assert "<summary>2 more</summary>" in block
    assert len(re.findall(r"<bdi>w\d+</bdi>", block)) == 60
