"""A regular expression of the tutor's: whose each file is, and never for ever."""

from __future__ import annotations

import pytest

from grader.intake.handed import IntakeError
from grader.intake.layouts import regexp
from tests.intake.layouts.trees import owners, read


def test_a_regular_expression_says_whose_a_file_is() -> None:
    pattern = (r".*/(?P<student_id>\d+)_(?P<first_name>[^_/]+)_(?P<last_name>[^_/]+)"
               r"_(?P<timestamp>[^_/]+)_(?P<file_id>.*)")
    reading = read("ps1/7_Anna_Schmidt_2016-01-30-15-30-10_he_init.ipynb",
                   "ps1/8_Bo_Lee_never_work/he_init.IPYNB", "README.md", asked=pattern)
    assert [(h.person.id, h.person.name, h.name, h.handed_in_at) for h in reading.handed] == [
        ("7", "Anna Schmidt", "he_init.ipynb", "2016-01-30T15:30:10+00:00"),
        ("8", "Bo Lee", "work/he_init.IPYNB", "")]
    assert [file for file, _ in reading.ignored] == ["README.md"]
    assert len(reading.said) == 1


def test_the_tutors_own_folders_are_nobody() -> None:
    reading = read("anna_he_init.ipynb", "bo_he_init.ipynb", source="/home/my_course/in",
                   asked=r".*?(?P<student_id>[a-z]+)_(?P<file_id>.*)")
    assert owners(reading) == {"anna_he_init.ipynb": "anna", "bo_he_init.ipynb": "bo"}


def test_the_files_own_ending_stays() -> None:
    reading = read("anna/he_init.IPYNB", "anna/he_init.tar.gz", "anna/work/notes",
                   asked=r".*/(?P<student_id>anna)/(?P<file_id>(work/)?[^/.]+)")
    assert [h.name for h in reading.handed] == ["he_init.IPYNB", "he_init.tar.gz", "work/notes"]


@pytest.mark.parametrize(("pattern", "says"), [
    ("(?P<student_id>.*", "no regular expression"),
    ("(?P<student_id>.*)", "lacks the group"),
    (".*(?P<student_id>x)_(?P<file_id>y)", "does not match"),
    ("(?P<student_id>(" * 5000, "no regular expression"),
], ids=range(4))
def test_a_regular_expression_that_says_nothing_is_an_error(pattern: str, says: str) -> None:
    with pytest.raises(IntakeError, match=says):
        read("anna/he_init.ipynb", asked=pattern)


def test_a_regular_expression_that_takes_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexp, "SECONDS", 1)
    with pytest.raises(IntakeError, match="takes more than 1 s"):
        read("a" * 60 + ".ipynb", asked=r".*/(?P<student_id>(a+)+)(?P<file_id>b)")
