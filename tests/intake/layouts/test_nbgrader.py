"""nbgrader's courses: what was submitted, by whom, when."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.handed import IntakeError
from grader.intake.layouts import chosen
from grader.intake.layouts.aside import when
from grader.intake.layouts.entries import OWN
from tests.intake.layouts.trees import EXERCISES, PERSON, on_disk, one, owners, read, shuffled

COURSE = {"submitted/anna/ps1/he_init.ipynb": "",
          "submitted/anna/ps1/timestamp.txt": "2026-11-20 18:03:00 UTC",
          "submitted/bo/ps1/work/he_init.ipynb": "", "submitted/bo/ps1/timestamp.txt": "yesterday",
          "submitted/carl/ps1/timestamp.txt": "2026-11-20T18:03:00+01:00"}


def test_of_a_course_of_nbgraders_what_was_submitted_is_taken(tmp_path: Path) -> None:
    rest = dict.fromkeys(["release/ps1/he_init.ipynb", "source/ps1/he_init.ipynb",
                          "autograded/anna/ps1/he_init.ipynb"], "")
    reading = chosen(on_disk(tmp_path, COURSE | rest), EXERCISES)
    assert reading.layout == "nbgrader"
    assert [(h.person.id, h.exercise, h.name, h.handed_in_at) for h in reading.handed] == [
        ("anna", "ps1", "he_init.ipynb", "2026-11-20T18:03:00+00:00"),
        ("bo", "ps1", "work/he_init.ipynb", "")]
    assert [person.id for person in reading.without] == ["carl"]
    assert [file for file, why in reading.ignored if why != OWN] == ["submitted/bo/ps1/timestamp.txt"]
    assert {file for file, _ in reading.ignored} == (COURSE.keys() | rest.keys()) - owners(reading).keys()
    assert reading.said[0] == "submitted is taken; autograded, release, source left as they are"


def test_a_course_without_timestamps_is_known_by_its_other_folders() -> None:
    reading = read("submitted/anna/ps1/he_init.ipynb", "submitted/anna/ps2/he_init.ipynb",
                   "release/ps1/he_init.ipynb")
    assert (reading.layout, [h.exercise for h in reading.handed]) == ("nbgrader", ["ps1", "ps2"])


@pytest.mark.parametrize("below", ["submitted", "submitted/anna", "submitted/anna/ps1"])
def test_a_part_of_a_course_is_read_as_a_part_of_it(tmp_path: Path, below: str) -> None:
    on_disk(tmp_path, COURSE)
    files = {name.removeprefix(f"{below}/"): text for name, text in COURSE.items()
             if name.startswith(f"{below}/")}
    reading = chosen(on_disk(tmp_path / below, files), EXERCISES)
    handed = one(reading, "anna")
    assert (reading.layout, handed.exercise, handed.name) == ("nbgrader", "ps1", "he_init.ipynb")
    assert handed.handed_in_at == "2026-11-20T18:03:00+00:00"


def test_without_timestamps_folders_of_groups_are_no_students_of_nbgraders() -> None:
    with pytest.raises(IntakeError, match="--layout folders"):
        read("submitted/A/anna/he_init.ipynb", "submitted/A/bo/he_init.ipynb",
             "submitted/B/carl/he_init.ipynb", "submitted/B/dora/he_init.ipynb")


def test_one_students_own_timestamp_makes_no_course() -> None:
    reading = read("anna/he_init.ipynb", "bo/ps1/he_init.ipynb", "bo/ps1/timestamp.txt", "carl/he_init.ipynb")
    assert (reading.layout, set(owners(reading).values())) == ("folders", {"anna", "bo", "carl"})


@pytest.mark.parametrize(("said", "iso"), [
    ("2015-02-02 14:58:23.948203 America/Los_Angeles", "2015-02-02T14:58:23.948203-08:00"),
    ("2015-02-02 14:58:23.948203 UTC\n", "2015-02-02T14:58:23.948203+00:00"),
    ("2015-02-02T14:58:23+01:00", "2015-02-02T14:58:23+01:00"),
    ("2015-02-02 14:58:23 +0100", "2015-02-02T14:58:23+01:00"),
    ("2015-02-02 14:58:23", "2015-02-02T14:58:23+00:00"),
    ("2026-11-20 18:03:00.123456789 Z", "2026-11-20T18:03:00.123456+00:00"),
    ("2016-01-30-15-30-10", "2016-01-30T15:30:10+00:00"),
    ("Mon, 02 Feb 2015 14:58:23 +0100", "2015-02-02T14:58:23+01:00"),
    ("2015-02-02 14:58:23 ../../etc/passwd", ""), ("2015-02-02 14:58:23 Nowhere/City", ""), ("yesterday", ""),
    ("", ""),
])
def test_times_are_read_in_many_forms(said: str, iso: str) -> None:
    assert when(said) == iso


@given(st.text() | st.text("0123456789-:TZ+ .", max_size=30))
def test_any_text_is_a_time_or_none(said: str) -> None:
    assert when(said) == "" or datetime.fromisoformat(when(said)).tzinfo


@given(st.data(), st.lists(PERSON, min_size=1, unique_by=lambda name: unicodedata.normalize("NFC", name)))
def test_every_file_of_nbgraders_is_read_back_at_its_student(data: st.DataObject, people: list[str]) -> None:
    files = {f"submitted/{name}/{exercise}/{place}": unicodedata.normalize("NFC", name) for name in people
             for exercise in ("ps1", "ps2") for place in ("he_init.ipynb", "sub/he_init.ipynb")}
    stamps = [f"submitted/{name}/ps1/timestamp.txt" for name in people]
    reading = read(*data.draw(shuffled(files)), *stamps)
    assert (reading.layout, owners(reading)) == ("nbgrader", files)
    assert {h.exercise for h in reading.handed} == {"ps1", "ps2"}
