"""Moodle's downloads: each file ends at its participant's number."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.layouts.trees import NAMES, NUMBERS, one, owners, read, shuffled


def test_moodle_folders_of_old_and_new_versions_and_both_plugins_are_one_persons() -> None:
    reading = read("Anna Schmidt_12_assignsubmission_file/he_init.ipynb",
                   "Anna Schmidt_12_assignsubmission_onlinetext/onlinetext.html",
                   "Anna Schmidt_13_assignsubmission_file_/work/he_init.ipynb",
                   "Bo_14_assignfeedback_file/feedback.html", "README.md",
                   empty=("Carl_15_assignsubmission_file",))
    assert reading.layout == "Moodle"
    assert [(h.person.id, h.person.name, h.name, h.online) for h in reading.handed] == [
        ("12", "Anna Schmidt", "he_init.ipynb", False), ("12", "Anna Schmidt", "onlinetext.html", True),
        ("13", "Anna Schmidt", "work/he_init.ipynb", False)]
    assert [person.id for person in reading.without] == ["15"]
    assert [file for file, _ in reading.ignored] == ["Bo_14_assignfeedback_file/feedback.html", "README.md"]


def test_moodle_flat() -> None:
    reading = read("A B_1_assignsubmission_file_he_init.ipynb",
                   "C_2_assignsubmission_file_work.zip/he_init.ipynb",
                   "D_3_assignsubmission_onlinetext_onlinetext.html",
                   "D_3_assignsubmission_onlinetext_he_init.ipynb")
    assert [(h.person.id, h.name, h.online) for h in reading.handed] == [
        ("1", "he_init.ipynb", False), ("2", "work.zip/he_init.ipynb", False), ("3", "onlinetext.html", True),
        ("3", "he_init.ipynb", False)]


def test_what_a_student_calls_a_file_makes_nobody_else_of_them_in_moodle() -> None:
    reading = read("A_1_assignsubmission_file_B_2_assignsubmission_file_he_init.ipynb",
                   "A_1_assignsubmission_file/B_2_assignsubmission_file/he_init.ipynb")
    assert set(owners(reading).values()) == {"1"}


@pytest.mark.parametrize("files", [
    ["Participant_1_assignsubmission_file/he_init.ipynb"],
    [f"Teilnehmerin_{number}_assignsubmission_file/he_init.ipynb" for number in (1, 2)],
    [f"Dalyvis_{number}_assignsubmission_file/he_init.ipynb" for number in (1, 2, 3)],
], ids=["one", "German", "a language not listed"])
def test_blind_marking_in_moodle_stays_blind(files: list[str]) -> None:
    reading = read(*files)
    assert reading.blind
    assert {h.person.name for h in reading.handed} == {""}
    assert len({h.person.id for h in reading.handed}) == len(files)


def test_two_of_one_name_are_two_and_nobody_is_blind() -> None:
    reading = read("Anna Schmidt_1_assignsubmission_file/a.ipynb",
                   "Anna Schmidt_2_assignsubmission_file/a.ipynb")
    assert (sorted(owners(reading).values()), reading.blind) == (["1", "2"], False)


def test_a_group_without_a_number_says_that_all_are_teams() -> None:
    reading = read("Team A_4_assignsubmission_file/he_init.ipynb",
                   "Default group_assignsubmission_file/he_init.ipynb")
    assert {(h.person.id, h.team) for h in reading.handed} == {("4", "Team A"),
                                                               ("Default group", "Default group")}


def test_usernames_before_the_names_are_no_part_of_them() -> None:
    reading = read("aschmidt Anna Schmidt_1_assignsubmission_file/a.ipynb",
                   "bo77 Bo Lee_2_assignsubmission_file/a.ipynb")
    assert {h.person.name for h in reading.handed} == {"Anna Schmidt", "Bo Lee"}
    alone = read("ludwig van Beethoven_1_assignsubmission_file/a.ipynb")
    assert one(alone, "1").person.name == "ludwig van Beethoven"


def test_a_moodle_download_among_other_folders_is_told_and_stops_nobody() -> None:
    files = ["A_1_assignsubmission_file/a.ipynb", "bo/a.ipynb", "carl/a.ipynb"]
    reading = read(*files)
    assert owners(reading) == {file: file.partition("/")[0] for file in files}
    assert any("--layout moodle" in line for line in reading.said)
    asked = read("A_1_assignsubmission_file/a.ipynb", "bo/a.ipynb", "carl/a.ipynb", asked="moodle")
    assert owners(asked) == {"A_1_assignsubmission_file/a.ipynb": "1"}
    assert [file for file, _ in asked.ignored] == ["bo/a.ipynb", "carl/a.ipynb"]


def test_sheets_that_lie_beside_moodles_submissions_change_nothing() -> None:
    reading = read("A_1_assignsubmission_file/a.ipynb", "grades.csv", "grades (1).csv", "notes.txt")
    assert owners(reading) == {"A_1_assignsubmission_file/a.ipynb": "1"}


@given(st.data(), st.lists(st.tuples(NUMBERS, NAMES, st.booleans()), unique_by=lambda p: p[0], min_size=1))
def test_every_moodle_file_is_read_back_at_its_number(
        data: st.DataObject, people: list[tuple[int, str, bool]]) -> None:
    files = {}
    for number, name, nfd in people:
        name = unicodedata.normalize("NFD" if nfd else "NFC", name.replace("_", " "))
        files[f"{name}_{number}_assignsubmission_file/w_1_assignsubmission_file/he_init.ipynb"] = str(number)
        files[f"{name}_{number}_assignsubmission_file_old_2_assignsubmission_file_x.ipynb"] = str(number)
    reading = read(*data.draw(shuffled(files)))
    assert owners(reading) == files
    shown = {str(number): unicodedata.normalize("NFC", name.replace("_", " ")).strip()
             for number, name, _ in people}
    assert reading.blind or all(
        h.person.name in (shown[h.person.id], shown[h.person.id].partition(" ")[2]) for h in reading.handed)
