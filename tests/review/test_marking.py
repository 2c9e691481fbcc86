"""What a marker says is at once in the gradebook, the report and every table; nobody's word is lost."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from grader.keep.gradebook import Gradebook
from grader.keep.publish import opened
from grader.review.answers import worth
from tests.review import course
from tests.review.conftest import Answer, Served, running, stop

KEYS = {"student", "exercise", "check", "sha256", "was"}
Post = Callable[..., Answer]


@pytest.fixture(scope="module")
def cookies(served: Served) -> dict[str, str]:
    return {name: served.cookie(name) for name in ("ada", "bo")}


@pytest.fixture
def book(served: Served) -> Iterator[Gradebook]:
    with opened(served.out) as book:
        yield book


@pytest.fixture
def post(served: Served, cookies: dict[str, str]) -> Post:
    def posted(marker: str, path: str, **fields: str) -> Answer:
        page = served.ask("GET", "/bank", Cookie=cookies[marker]).text
        token = re.findall(r'name="form" value="([^"]+)"', page)[0]
        return served.ask("POST", path, {"form": token, **fields}, Cookie=cookies[marker], Origin=served.base)
    return posted


@pytest.fixture
def fields(served: Served, cookies: dict[str, str]) -> Callable[..., dict[str, str]]:
    """What the form on one check holds as the page shows it now."""
    def shown(student: str, check: str) -> dict[str, str]:
        page = served.ask("GET", f"/submission?student={student}&exercise=he_init&of=all",
                          Cookie=cookies["ada"]).text
        for form in re.findall(r"<form[^>]*id=\"form-\d+\">(.*?)</form>", page, re.DOTALL):
            found = {name: unescape(value) for name, value in re.findall(
                r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)}
            if found["check"] == check:
                return {name: value for name, value in found.items() if name in KEYS}
        raise AssertionError(check)
    return shown


def written(served: Served, cookie: str) -> None:
    """Wait until the class's files are no older than the marks."""
    for _ in range(600):
        if "being written" not in served.ask("GET", "/", Cookie=cookie).text:
            return
        time.sleep(0.1)
    raise AssertionError("the class's files are not written")


def row_of(out: Path, student: str) -> dict[str, Any]:
    (found,) = [row for text in (out / "results.jsonl").read_text().splitlines()
                if (row := json.loads(text))["student"] == student]
    return dict(found)


def grade_of(out: Path, student: str) -> str:
    with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        (found,) = [row for row in csv.DictReader(file) if student in row.values()]
    return found["he_init score"]


def test_a_word_is_in_every_file(served: Served, cookies: dict[str, str], book: Gradebook, post: Post,
                                 fields: Callable[..., dict[str, str]]) -> None:
    page = served.out / "1008" / "he_init.html"
    before, index = page.read_text(), (served.out / "index.html").read_text()
    assert row_of(served.out, "1008")["score"] == 7
    answer = post("ada", "/mark", **fields("1008", "variance"), points="2,5", comment="Half of **it**.")
    assert answer.status == 303
    assert page.read_text() != before, "the report is written before the answer comes"
    assert "Half of <strong>it</strong>." in page.read_text()
    written(served, cookies["ada"])
    assert row_of(served.out, "1008")["score"] == 9.5
    assert float(grade_of(served.out, "1008")) == 9.5
    assert (served.out / "index.html").read_text() != index
    (word,) = book.desk.overrides(student="1008")
    assert (word.points, word.by) == (2.5, "ada")


def test_it_survives_a_regrade_and_not_another_submission(book: Gradebook, post: Post,
                                                          fields: Callable[..., dict[str, str]]) -> None:
    assert post("ada", "/mark", **fields("1006", "variance"), do="forgive").status == 303
    there = book.entry("1006", "he_init")
    assert there
    book.record(structs.replace(there, judged="again"), what="rejudged")
    now = book.result("1006", "he_init")
    assert now
    assert next(one for one in now.checks if one.id == "variance").points == 4


@pytest.mark.parametrize(("typed", "status"), [("4", 303), ("4.1", 422), ("-1", 422), ("nan", 422),
                                               ("inf", 422), ("four", 422), ("1e400", 422)])
def test_points_are_within_the_check(post: Post, fields: Callable[..., dict[str, str]], typed: str,
                                     status: int) -> None:
    answer = post("ada", "/mark", **fields("1007", "variance"), points=typed)
    assert answer.status == status
    assert ("is no number from 0 to 4" in answer.text) is (status == 422)


def test_the_second_marker_is_told_before_anything_is_replaced(
        book: Gradebook, post: Post, fields: Callable[..., dict[str, str]]) -> None:
    seen = fields("1007", "norms")
    assert post("bo", "/mark", **seen, points="3", comment="Nearly.").status == 303
    answer = post("ada", "/mark", **seen, points="1", comment="No.")
    assert answer.status == 409
    assert "bo was here before you: norms: 3 points, &#34;Nearly.&#34;" in answer.text
    assert 'name="points" value="1"' in answer.text, "what ada typed is not lost"

    def now() -> list[tuple[float | None, str]]:
        return [(one.points, one.by) for one in book.desk.overrides(student="1007") if one.check == "norms"]
    assert now() == [(3.0, "bo")]
    assert post("ada", "/mark", **fields("1007", "norms"), points="1").status == 303
    assert now() == [(1.0, "ada")]


def test_a_word_on_another_check_is_in_nobodys_way(post: Post,
                                                   fields: Callable[..., dict[str, str]]) -> None:
    first, second = fields("1007", "mean"), fields("1007", "shape")
    assert post("bo", "/mark", **first, comment="So so.").status == 303
    assert post("ada", "/mark", **second, comment="Well.").status == 303


def test_a_submission_that_came_in_meanwhile_is_not_marked_unseen(
        book: Gradebook, post: Post, fields: Callable[..., dict[str, str]]) -> None:
    seen = fields("1002", "variance")
    book.record(course.entry("1002", "x = 2", hand="3"))
    answer = post("ada", "/mark", **seen, points="4")
    assert (answer.status, "Another submission counts now" in answer.text) == (409, True)
    assert book.desk.overrides(student="1002") == []


def test_the_whole_has_points_and_a_bonus(book: Gradebook, post: Post,
                                          fields: Callable[..., dict[str, str]]) -> None:
    assert post("ada", "/mark", **fields("1003", ""), points="11", bonus="1.5", comment="Read by me."
                ).status == 303
    now = book.result("1003", "he_init")
    assert now
    assert (now.score, now.bonus, now.by, [need.kind for need in now.wants()]) == (12.5, 1.5, "ada", [])
    event = book.desk.events(student="1003")[-1]
    assert post("bo", "/undo", id=str(event.id)).status == 303
    again = book.result("1003", "he_init")
    assert again
    assert (again.score, book.desk.events(student="1003")[-1].by) == (None, "bo")
    assert post("bo", "/undo", id=str(event.id)).status == 409


def test_a_stale_word_holds_again_or_is_let_go(served: Served, cookies: dict[str, str], book: Gradebook,
                                               post: Post, fields: Callable[..., dict[str, str]]) -> None:
    html = served.ask("GET", "/?of=stale-override", Cookie=cookies["ada"]).text
    assert "Dmitri Petrov" in html
    assert "Elif Kaya" not in html
    (old,) = book.desk.overrides(student="1004")
    sides = served.ask("GET", f"/versions?student=1004&exercise=he_init&sha256={old.sha256}",
                       Cookie=cookies["ada"]).text
    assert re.findall(r'class="row here"><span>\d+</span><span>(.*?)</span>', sides) == [
        "    std = math.sqrt(1.0 / fan_in)", "    std = math.sqrt(3.0 / fan_in)"]
    seen = {name: value for name, value in fields("1004", "variance").items() if name != "was"}
    assert post("ada", "/settle", **seen, do="keep").status == 303
    now = book.result("1004", "he_init")
    assert now
    assert (now.score, [need.kind for need in now.wants()]) == (11, [])
    assert "Dmitri Petrov" not in served.ask("GET", "/?of=stale-override", Cookie=cookies["ada"]).text


def test_reviewed_leaves_the_queue_and_leads_on(served: Served, cookies: dict[str, str], post: Post,
                                                fields: Callable[..., dict[str, str]]) -> None:
    seen = {name: value for name, value in fields("1004", "variance").items()
            if name not in ("was", "check")}
    answer = post("bo", "/reviewed", **seen, of="all")
    assert (answer.status, "student=1005" in answer.headers["Location"]) == (303, True)
    html = served.ask("GET", "/?of=reviewed", Cookie=cookies["ada"]).text
    assert re.findall(r'class="row" id="row-\d+"[^>]*><bdi>(.*?)</bdi>', html) == ["Dmitri Petrov (1004)"]


def test_equal_answers_are_marked_together_and_a_comment_changes_for_all(
        served: Served, cookies: dict[str, str], book: Gradebook, post: Post,
        fields: Callable[..., dict[str, str]]) -> None:
    page = served.ask("GET", f"/answers?exercise=he_init&question={course.QUESTION}",
                      Cookie=cookies["ada"]).text
    group = next(form for form in re.findall(r"<li><details(.*?)</details></li>", page, re.DOTALL)
                 if "ReLU halves" in form)
    assert "2 ×" in group
    said = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', group))
    del said["form"]
    (factor, argued) = book.written.comments("he_init")[:2]
    assert post("ada", "/answers", **said, comment=str(argued.id)).status == 303
    assert post("bo", "/answers", **said, points="1").status == 409, "bo has not seen what ada did"

    def marks() -> list[tuple[str, float | None, str]]:
        bank = {one.id: one for one in book.written.comments()}
        asked = {(one.exercise, one.id): one for one in book.questions()}
        return [(one.student, worth(one, bank, asked), one.by)
                for one in book.written.answers(exercise="he_init") if "halves" in one.text]
    assert marks() == [("1005", 2.0, "ada"), ("1006", 2.0, "ada")]
    post("ada", "/mark", **fields("1001", "variance"), points="3", remark=str(argued.id))
    assert book.desk.overrides(student="1001")[0].points == 4, "no more than the check has"
    changed = post("bo", "/bank", id=str(argued.id), text="Argued.", points="1")
    assert changed.status == 303
    assert marks() == [("1005", 1.0, "ada"), ("1006", 1.0, "ada")]
    queue = served.ask("GET", "/?of=all", Cookie=cookies["ada"]).text
    shown = re.search(r'Elif Kaya.*?<span class="number">(.*?)</span>', queue, re.DOTALL)
    now = book.result("1005", "he_init")
    assert (shown and shown[1]) == (now and f"{now.score:g} / {now.max_score:g}")
    (word,) = book.desk.overrides(student="1001")
    assert (word.comment, word.points) == ("Argued.", 3)
    assert "Argued." in (served.out / "1001" / "he_init.html").read_text()
    assert post("ada", "/bank", id=str(argued.id), do="delete").status == 422
    assert factor.id != argued.id


def test_items_of_the_rubric_are_ticked_one_by_one(
        served: Served, cookies: dict[str, str], book: Gradebook, post: Post) -> None:
    def group() -> str:
        page = served.ask("GET", f"/answers?exercise=he_init&question={course.QUESTION}",
                          Cookie=cookies["ada"]).text
        found = re.findall(r"<li><details(.*?)</details></li>", page, re.DOTALL)
        return str(next(form for form in found if "the signal" in form))

    def send(**more: str) -> int:
        said = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', group()))
        del said["form"]
        return post("ada", "/answers", **said, **more).status
    assert send(tick=course.RUBRIC[0].text) == 303
    ticked = re.findall(r'name="tick" value="([^"]*)" checked', group())
    assert ticked == [course.RUBRIC[0].text]
    assert "1.5 points" in group()
    assert "<i>names" not in group()
    assert send(tick=course.RUBRIC[0].text, points="1") == 303
    assert "1 points" in group()
    assert send(tick="an item of nobody's") == 303
    (one,) = book.written.answers(student="1007")
    assert (one.points, one.ticked) == (None, ())
    assert send(tick=course.RUBRIC[1].text) == 303
    assert "&lt;i&gt;names&lt;/i&gt; the gain" in (served.out / "1007" / "he_init.html").read_text()


def test_others_are_told_and_nobody_of_what_they_did_themselves(
        served: Served, cookies: dict[str, str], book: Gradebook, post: Post,
        fields: Callable[..., dict[str, str]]) -> None:
    last = book.desk.events()[-1].id
    post("bo", "/mark", **fields("1007", "in-place"), comment="Seen.")
    written(served, cookies["ada"])
    path = f"/news?after={last}&student=1007&exercise=he_init"
    told = served.ask("GET", path, Cookie=cookies["ada"])
    assert "This submission has changed" in told.text
    assert "Grace Okafor (1007)" in told.text
    assert served.ask("GET", path, Cookie=cookies["bo"]).status == 204


def test_what_was_changed_last_is_written_before_it_ends(tmp_path: Path) -> None:
    course.make(tmp_path / "out", hostile=False)
    with running(tmp_path / "out", "ada") as one:
        cookie = one.cookie("ada")
        page = one.ask("GET", "/submission?student=1006&exercise=he_init&of=all", Cookie=cookie).text
        form = re.findall(r"<form[^>]*id=\"form-4\">(.*?)</form>", page, re.DOTALL)[0]
        said = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        answer = one.ask("POST", "/mark", {**said, "do": "forgive"}, Cookie=cookie, Origin=one.base)
        assert answer.status == 303
        assert stop(one) == 0
    assert row_of(tmp_path / "out", "1006")["score"] == 11
