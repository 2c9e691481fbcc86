"""A regular expression of the tutor's: whose each file is, and never for ever."""

from __future__ import annotations

import re
from pathlib import Path

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
    with pytest.raises(IntakeError, match="takes too long"):
        read("a" * 60 + ".ipynb", asked=r".*/(?P<student_id>(a+)+)(?P<file_id>b)")


ANY = r".*/(?P<student_id>\w+)_(?P<file_id>.*)"


@pytest.mark.parametrize("pattern", [ANY, r"(?P<student_id>[^/]+)_(?P<file_id>[^/]*)$"])
def test_what_lies_in_a_students_archive_is_theirs(pattern: str) -> None:
    reading = read("ada_work.ipynb", "eve_work.zip/bob_work.ipynb", asked=pattern)
    assert sorted(owners(reading).values()) == ["ada", "eve"]
    assert [h.name for h in reading.handed] == ["work.ipynb", "work.zip/bob_work.ipynb"]


def test_a_name_that_only_a_students_archive_has_is_nobodys() -> None:
    reading = read("in/ada_he_init.ipynb", "in/eve.zip/bob_he_init.ipynb", asked=ANY)
    assert set(owners(reading)) == {"in/ada_he_init.ipynb"}
    assert "give it as the source" in reading.ignored[0][1]


def test_the_expression_that_the_documentation_gives_takes_all_before_the_exercise() -> None:
    page = (Path(__file__).parents[3] / "docs" / "lms.md").read_text(encoding="utf-8")
    pattern, = re.findall(r"`--layout '([^']+)'`", page)
    reading = read("ada_weiss_he_init.ipynb", "o_he_init_x_he_init (1).ipynb", "eve/bob_he_init.ipynb",
                   "eve_he_init.zip/bob_he_init.ipynb", "cy.zip/bob_he_init.ipynb", asked=pattern)
    assert sorted(owners(reading).values()) == ["ada_weiss", "eve", "o_he_init_x"]


def test_one_students_names_cost_only_theirs_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexp, "SECONDS", 2)
    pattern = r".*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>.*)"
    folders = "/".join(["_" * 250] * 30)
    reading = read("z/A_ada_attempt_2026-01-01-00-00-00_he_init.ipynb",
                   *(f"eve/w.tar.gz/{folders}/x{at}.ipynb" for at in range(300)), asked=pattern)
    assert list(owners(reading).values()) == ["ada"]
    assert any("takes too long" in why for _, why in reading.ignored)
