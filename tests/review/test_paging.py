"""A class of any size on pages of one size."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from msgspec import structs

from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from grader.review.views import ROWS, part
from tests.report.test_resemblance import own_work
from tests.review import course
from tests.review.conftest import Served, running

PEOPLE = 2 * ROWS + 5


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A class of two pages and a bit; all wrote something, and half of them nothing else than others."""
    out = tmp_path_factory.mktemp("many") / "out"
    out.mkdir()
    with Gradebook(Output(out).gradebook) as book:
        for number in range(PEOPLE):
            one = course.entry(f"{number:04}", own_work(1), hand=str(number))
            text = f"Reason {number}." if number % 2 else "The same."
            written = (structs.replace(course.answer("1005")[0], text=text),)
            book.record(structs.replace(one, result=structs.replace(one.result, written=written)))
            book.written.hand_in(f"{number:04}", "he_init", one.result.stamp, {course.QUESTION: text})
    with running(out, "ada") as served:
        yield served


@pytest.fixture(scope="module")
def cookie(served: Served) -> str:
    return served.cookie("ada")


def walked(served: Served, cookie: str, address: str, pattern: str) -> list[list[str]]:
    """What is on each page, from the first by the link that leads on."""
    found = list[list[str]]()
    while address:
        html = served.ask("GET", address, Cookie=cookie).text
        found.append(re.findall(pattern, html))
        on = re.search(r'<a href="([^"]*)">the next</a>', html)
        address = on[1].replace("&amp;", "&") if on else ""
    return found


def test_every_submission_is_in_the_queue_once(served: Served, cookie: str) -> None:
    found = walked(served, cookie, "/?of=all&in=he_init", r'id="row-\d+"[^>]*><bdi>(\d+)</bdi>')
    assert [len(page) for page in found] == [ROWS, ROWS, 5]
    assert [who for page in found for who in page] == [f"{number:04}" for number in range(PEOPLE)]


def test_every_answer_is_there_once_and_is_marked_where_it_is(served: Served, cookie: str) -> None:
    address = f"/answers?exercise=he_init&question={course.QUESTION}"
    found = walked(served, cookie, address, r'name="same" value="(\w+)"')
    assert [len(page) for page in found] == [ROWS, PEOPLE // 2 + 1 - ROWS]
    assert len({each for page in found for each in page}) == PEOPLE // 2 + 1
    html = served.ask("GET", address, Cookie=cookie).text
    assert html.count("/submission?") < 2 * ROWS, "of a hundred who wrote the same not all are named"
    last = served.ask("GET", f"{address}&page=2", Cookie=cookie).text
    said = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', last))
    answer = served.ask("POST", "/answers", {**said, "points": "1"}, Cookie=cookie,
                        Origin=served.base)
    assert (answer.status, "page=2" in answer.headers["Location"]) == (303, True)


@pytest.mark.parametrize(("asked", "of", "number", "first", "last"), [
    (None, 0, 1, 1, 0), (None, ROWS, 1, 1, ROWS), (2, ROWS, 1, 1, ROWS), (2, ROWS + 1, 2, ROWS + 1, ROWS + 1),
    (-4, 5, 1, 1, 5), (10**18, 3 * ROWS, 3, 2 * ROWS + 1, 3 * ROWS)])
def test_a_page_that_is_not_there_is_the_nearest(asked: int | None, of: int, number: int, first: int,
                                                 last: int) -> None:
    found = part(asked, of)
    assert (found.number, found.first, found.last) == (number, first, last)
