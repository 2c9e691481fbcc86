"""A class of any size on pages of one size."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from msgspec import structs

from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from grader.review.views import ROWS, part
from tests.report.test_resemblance import own_work
from tests.review import course
from tests.review.inside import Quiet, asked

PEOPLE = 2 * ROWS + 5


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quiet]:
    """A class of two pages and a bit; all wrote something, and half of them the same."""
    output = Output(tmp_path_factory.mktemp("many"))
    with Gradebook(output.gradebook) as book:
        for number in range(PEOPLE):
            one = course.entry(f"{number:04}", own_work(1), hand=str(number))
            text = f"Reason {number}." if number % 2 else "The same."
            written = (structs.replace(course.answer("1005")[0], text=text),)
            book.record(structs.replace(one, result=structs.replace(one.result, written=written)))
            book.written.hand_in(f"{number:04}", "he_init", one.result.stamp, {course.QUESTION: text})
        desk = Quiet(book, output)
        yield desk
        desk.close()


def walked(desk: Quiet, address: str, pattern: str) -> list[list[str]]:
    """What is on each page, from the first by the link that leads on."""
    found = list[list[str]]()
    while address:
        page = asked(desk, address)
        found.append(re.findall(pattern, page))
        on = re.search(r'<a href="([^"]*)">the next</a>', page)
        address = html.unescape(on[1]) if on else ""
    return found


def test_every_submission_is_in_the_queue_once(desk: Quiet) -> None:
    found = walked(desk, "/?of=all&in=he_init", r'id="row-\d+"[^>]*><bdi>(\d+)</bdi>')
    assert [len(page) for page in found] == [ROWS, ROWS, 5]
    assert [who for page in found for who in page] == [f"{number:04}" for number in range(PEOPLE)]


def test_every_answer_is_there_once_and_is_marked_where_it_is(desk: Quiet) -> None:
    address = f"/answers?exercise=he_init&question={course.QUESTION}"
    found = walked(desk, address, r'name="same" value="(\w+)"')
    assert [len(page) for page in found] == [ROWS, PEOPLE // 2 + 1 - ROWS]
    assert len({each for page in found for each in page}) == PEOPLE // 2 + 1
    first, last = asked(desk, address), asked(desk, f"{address}&page=2")
    assert first.count('href="/submission?') < 2 * ROWS, "of many who wrote the same not all are named"
    assert f"and {PEOPLE - PEOPLE // 2 - ROWS} more" in first
    assert 'name="page" value="2"' in last
    assert f"{PEOPLE // 2 + 1} of {PEOPLE // 2 + 1} different answers have no mark" in last


def test_what_happens_is_in_the_queue_at_once(desk: Quiet) -> None:
    """It is worked out once, and again when somebody has done something."""
    address = f"/answers?exercise=he_init&question={course.QUESTION}"
    assert f"{PEOPLE} of {PEOPLE} without a mark" in asked(desk, "/")
    answers = desk.book.written.answers(exercise="he_init")
    desk.book.written.mark([one.key for one in answers if one.student != "0001"], points=1.0, by="bo")
    assert f"1 of {PEOPLE} without a mark" in asked(desk, "/")
    assert "1 of 103 different answers have no mark" in asked(desk, address)
    assert "bo" not in re.findall("reviewed by <bdi>(.*?)</bdi>", asked(desk, "/?of=all"))
    stamp = desk.standing.results()["0000", "he_init"].stamp
    desk.book.desk.review("0000", "he_init", stamp, by="bo")
    assert "bo" in re.findall("reviewed by <bdi>(.*?)</bdi>", asked(desk, "/?of=all"))


@pytest.mark.parametrize(("asked", "of", "number", "first", "last"), [
    (None, 0, 1, 1, 0), (None, ROWS, 1, 1, ROWS), (2, ROWS, 1, 1, ROWS), (2, ROWS + 1, 2, ROWS + 1, ROWS + 1),
    (-4, 5, 1, 1, 5), (10**18, 3 * ROWS, 3, 2 * ROWS + 1, 3 * ROWS)])
def test_a_page_that_is_not_there_is_the_nearest(asked: int | None, of: int, number: int, first: int,
                                                 last: int) -> None:
    found = part(asked, of)
    assert (found.number, found.first, found.last) == (number, first, last)
