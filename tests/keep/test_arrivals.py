"""What a later download changes in the output folder, who is missing, and whose file is unclear."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader import pipeline, records
from grader.exercise.catalog import load
from grader.keep.arrivals import changed, missing, older, received
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.known import Known
from grader.keep.output import Output
from grader.keep.publish import publish, record
from grader.keep.unchanged import Due, Today, due
from grader.pipeline import Conditions
from tests import samples as s
from tests.conftest import write_exercise


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def sent(student: str, sha256: str = "a", **more: Any) -> records.Submission:
    return records.Submission(student=student, exercise="he_init", path=f"{student}/{sha256}.ipynb",
                              sha256=sha256, notebook="{}", **more)


def keep(book: Gradebook, *submissions: records.Submission) -> None:
    for one in submissions:
        who = {name: getattr(one, name) for name in records.HandedIn.__struct_fields__}
        result = structs.replace(s.result(), **who, notebook=records.NotebookFile(
            path=one.path, sha256=one.sha256))
        book.record(Entry(result=result, observed="o", judged="j", notebook="{}", executed=""))


def receive(book: Gradebook, *submissions: records.AnySubmission, **more: Any) -> tuple[list[str], list[str]]:
    found, notes = received(book, Path("reports"), submissions, **more)
    return [one.student for one in found], notes


EARLY, LATE = "2026-11-20T18:03:00+01:00", "2026-11-20T17:30:00+00:00"


@pytest.mark.parametrize(("new", "there", "is_older"), [
    ({"attempt": 1}, {"attempt": 2}, True),
    ({"attempt": 2}, {"attempt": 1}, False),
    ({"handed_in_at": EARLY}, {"handed_in_at": LATE}, True),
    ({"handed_in_at": LATE}, {"handed_in_at": EARLY}, False),
    ({"attempt": 2, "handed_in_at": EARLY}, {"attempt": 1, "handed_in_at": LATE}, False),
    ({"attempt": 2, "handed_in_at": EARLY}, {"attempt": 2, "handed_in_at": LATE}, True),
    ({}, {"attempt": 2, "handed_in_at": LATE}, False),
    ({"handed_in_at": "2026-11-20T10:00:00"}, {"handed_in_at": LATE}, False),
    ({"handed_in_at": "yesterday"}, {"handed_in_at": LATE}, False),
    ({"attempt": 2}, {"attempt": 2}, False),
])
def test_what_is_older(new: dict[str, Any], there: dict[str, Any], is_older: bool) -> None:
    assert older(sent("ada", **new), sent("ada", **there)) is is_older


TIMES = st.sampled_from(["", EARLY, LATE, "2026-11-21", "nonsense"])


@given(st.lists(st.builds(lambda attempt, at: sent("ada", attempt=attempt, handed_in_at=at),
                          st.integers(0, 3), TIMES), min_size=2, max_size=2))
def test_of_two_at_most_one_is_older(pair: list[records.Submission]) -> None:
    assert not (older(*pair) and older(*reversed(pair)))


def test_an_older_download_takes_nobody_s_place(book: Gradebook) -> None:
    keep(book, sent("ada", "new", attempt=2, name="Ada L."))
    there, notes = receive(book, sent("ada", "old", attempt=1, name="Ada L."), sent("bo"))
    assert there == ["bo"]
    assert notes == ["Ada L. (ada) he_init: left out, attempt 1 is older than what counts, attempt 2"]


def test_a_plain_folder_after_another_counts_as_it_comes(book: Gradebook) -> None:
    """A number that the gradebook gave is not compared with one of the source's."""
    keep(book, sent("ada", "one"), sent("ada", "two"))
    assert book.results()[0].attempt == 2
    assert receive(book, sent("ada", "three", attempt=1))[0] == ["ada"]


def test_an_old_file_that_comes_again_is_told_of(book: Gradebook) -> None:
    keep(book, sent("ada", "one"), sent("ada", "two"))
    assert receive(book, sent("ada", "one")) == (["ada"], [
        "ada he_init: this is the file of attempt 1 again; it counts now, in place of attempt 2"])
    for sha256 in "two", "three":
        assert not receive(book, sent("ada", sha256))[1]


def test_who_is_in_an_earlier_download_only_is_named_and_kept(book: Gradebook) -> None:
    keep(book, sent("ada"), sent("bob", name="Bob B."))
    _, notes = receive(book, sent("ada"))
    assert notes == ["kept from an earlier download: Bob B. (bob) (he_init 7 of 20); "
                     "`grader remove reports bob` takes them out"]
    assert len(book.results()) == 2
    assert not receive(book, sent("ada"), sent("bob"))[1]
    other = structs.replace(sent("ada"), exercise="gradient_flow")
    assert not receive(book, other)[1], "another exercise's download says nothing of this one"


def test_many_who_are_kept_are_one_line(book: Gradebook) -> None:
    keep(book, *(sent(f"s{number}") for number in range(40)))
    _, (note,) = receive(book, sent("ada"))
    assert "s12 (he_init 7 of 20) and 35 more; `grader remove reports s0` takes the first" in note


def test_who_is_not_on_the_roster_is_named(book: Gradebook) -> None:
    keep(book, sent("ada"), sent("bob"))
    _, notes = receive(book, sent("ada"), sent("bob"), people=[records.Person(id="ada")],
                       roster=frozenset({"ada"}))
    assert notes == ["in the gradebook and not on the roster: bob (he_init 7 of 20); "
                     "`grader remove reports bob` takes them out"]


def test_what_is_told_of_in_another_way_is_one_change(book: Gradebook) -> None:
    keep(book, sent("ada"))
    (entry,) = book.entries()
    assert changed(entry, sent("ada")) is None
    moved = structs.replace(sent("ada", name="Ada L.", handed_in_at=LATE), path="elsewhere.ipynb")
    found = changed(entry, moved)
    assert found is not None
    assert (found.result.name, found.result.handed_in_at, found.result.notebook.path, found.result.score) == (
        "Ada L.", LATE, "elsewhere.ipynb", 7.0)


def on(*ids: str) -> list[Known]:
    return [Known(person=records.Person(id=id, name=f"Name {id}"), on_roster=True) for id in ids]


def test_whoever_is_on_the_roster_has_a_row_in_every_exercise_that_anybody_handed_in() -> None:
    results = [s.result("1"), s.result("2", "devices"), s.result("9")]
    off = Known(person=records.Person(id="4"))
    found = missing(results, [*on("1", "2", "3"), off])
    assert {(one.student, one.exercise) for one in found} == {
        ("2", "he_init"), ("3", "he_init"), ("1", "devices"), ("3", "devices")}
    assert {(one.status, one.score, one.max_score) for one in found} == {(records.Status.MISSING, None, 20.0)}


def test_of_a_class_that_is_blind_nobody_is_called_missing() -> None:
    assert not missing([s.result("anon-1")], on("1", "2"))


@pytest.fixture
def conditions(tmp_path: Path) -> Conditions:
    exercise = load(write_exercise(tmp_path / "exercises" / "doubling"))
    return Conditions.drawn({"doubling": exercise}, seed=5, sandbox="process")


UNCLEAR = records.Unclear(
    student="1003", name="Anna Schmidt", exercise="doubling",
    reason="which? 1003/a/doubling.ipynb, 1003/b/doubling.ipynb",
    files=(records.NotebookFile(path="1003/a/doubling.ipynb", sha256="a"),
           records.NotebookFile(path="1003/b/doubling.ipynb", sha256="b")))


def test_what_is_unclear_has_a_row_with_both_files_and_no_mark(tmp_path: Path, conditions: Conditions,
                                                               book: Gradebook) -> None:
    output, today = Output(tmp_path), Today(conditions)
    prints = today.fingerprints(UNCLEAR)
    record(pipeline.judge(UNCLEAR, {}, conditions), prints, book, output)
    publish(book, output)
    (row,) = [json.loads(text) for text in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert (row["status"], row["score"], row["notebook"]) == ("unclear", None, None)
    assert row["files"] == ["1003/a/doubling.ipynb", "1003/b/doubling.ipynb"]
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        (cells,) = csv.DictReader(file)
    assert (cells["doubling score"], cells["doubling status"], cells["total"], cells["status"]) == (
        "", "unclear", "", "unclear")
    page = (tmp_path / "index.html").read_text()
    block = page[page.index('id="needs-you"'): page.index('id="talk"')]
    for words in ("a/doubling.ipynb, 1003/b/doubling.ipynb", "<code>--prefer</code>", "Anna Schmidt"):
        assert words in block
    theirs = (tmp_path / "1003" / "doubling.html").read_text()
    assert "No mark yet" in theirs
    assert "1003/b/doubling.ipynb. Your tutor decides." in theirs
    assert "Mark withheld" not in theirs
    assert not book.attempts(), "it counts for nothing yet"
    (entry,) = book.entries()
    assert entry.submission == UNCLEAR
    there = book.fingerprints()[entry.key]
    assert due(there, prints) is Due.NOTHING
    more = structs.replace(UNCLEAR, files=UNCLEAR.files[:1])
    assert due(there, today.fingerprints(more)) is Due.OBSERVE


def test_a_download_that_says_no_time_forgets_none(book: Gradebook) -> None:
    """Moodle's zip has none: its worksheet or a mapping has told it before."""
    keep(book, sent("ada", handed_in_at=EARLY), sent("ben", handed_in_at=EARLY), sent("eve"))
    again = [sent("ada"), sent("ben", "other"), sent("eve", handed_in_at=LATE)]
    found, _ = received(book, Path("reports"), again)
    assert [(one.student, one.handed_in_at) for one in found] == [("ada", EARLY), ("ben", ""), ("eve", LATE)]
