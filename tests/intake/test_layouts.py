"""Each file ends at its person or nowhere, in every layout, whatever people and files are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.handed import File, Handed, IntakeError, Reading, Tree
from grader.intake.layouts import LAYOUTS, chosen, gradescope, regexp
from grader.intake.layouts.aside import when

EXERCISES = ("he_init", "init", "sheet-1")


class More(TypedDict, total=False):
    empty: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    gits: tuple[str, ...]


def tree(files: Iterable[str], source: str = "/course/in", **more: Unpack[More]) -> Tree:
    found = tuple(File(relative=file, path=Path(source) / file) for file in files)
    return Tree(source=Path(source), files=found, **more)


def read(*files: str, asked: str | None = None, source: str = "/course/in", **more: Unpack[More]) -> Reading:
    return chosen(tree(files, source, **more), EXERCISES, asked)


def owners(reading: Reading) -> dict[str, str]:
    """Each file's person."""
    return {each.file.relative: each.person.id for each in reading.handed}


def one(reading: Reading, student: str) -> Handed:
    found, = (each for each in reading.handed if each.person.id == student)
    return found


# --- people, and what they are called --------------------------------------------------------------

ODD = ["Müller, Jörg", "O'Brien", "محمد علي", "王小明", "=1+1", "a_b", "Team 7", "7", "test_2",
       "Anna Schmidt", "é", "Zoe\u0308", "de la Cruz", "x_99_assignsubmission", "LATE", "old", "शर्मा"]
NAMES = st.one_of(st.sampled_from(ODD), st.text(
    st.characters(exclude_characters="/\0.", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1,
    max_size=20))
NUMBERS = st.integers(1, 99_999)


def shuffled(files: dict[str, str]) -> st.SearchStrategy[list[str]]:
    return st.permutations(sorted(files))


# --- Moodle ----------------------------------------------------------------------------------------


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
                   "D_3_assignsubmission_onlinetext_onlinetext.html")
    assert [(h.person.id, h.name, h.online) for h in reading.handed] == [
        ("1", "he_init.ipynb", False), ("2", "work.zip/he_init.ipynb", False), ("3", "onlinetext.html", True)]


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


def test_a_moodle_download_among_other_folders_is_asked_about() -> None:
    with pytest.raises(IntakeError, match="--layout moodle"):
        read("A_1_assignsubmission_file/a.ipynb", "bo/a.ipynb", "carl/a.ipynb")
    asked = read("A_1_assignsubmission_file/a.ipynb", "bo/a.ipynb", "carl/a.ipynb", asked="moodle")
    assert owners(asked) == {"A_1_assignsubmission_file/a.ipynb": "1"}
    assert [file for file, _ in asked.ignored] == ["bo/a.ipynb", "carl/a.ipynb"]


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


# --- Canvas ----------------------------------------------------------------------------------------


def test_the_canvas_user_is_the_person_and_the_word_before_is_no_name() -> None:
    reading = read("mullerjorg_501_90001_he_init.ipynb", "doejohn_LATE_502_90002_he_init.ipynb",
                   "leebo_late_503_90003_he_init-1.ipynb", "xu_504_text.html", "yi_LATE_505_link.html",
                   "zed_506_90006_work.zip/he_init.ipynb", "README.md")
    assert reading.layout == "Canvas"
    assert [(h.person.id, h.person.name, h.name, h.attempt, h.late, h.online) for h in reading.handed] == [
        ("501", "", "he_init.ipynb", 0, False, False), ("502", "", "he_init.ipynb", 0, True, False),
        ("503", "", "he_init.ipynb", 2, True, False), ("504", "", "text.html", 0, False, True),
        ("505", "", "link.html", 0, True, True), ("506", "", "work.zip/he_init.ipynb", 0, False, False)]
    assert [file for file, _ in reading.ignored] == ["README.md"]


def test_anonymous_submissions_of_canvas_stay_so_and_are_no_users() -> None:
    reading = read("anon_Ab3dE_90001_he_init.ipynb", "LATE_anon_12345_90002_he_init.ipynb",
                   "anon_zz9_text.html")
    assert reading.blind
    assert [(h.person.id, h.late, h.online) for h in reading.handed] == [
        ("anon_Ab3dE", False, False), ("anon_12345", True, False), ("anon_zz9", False, True)]


@pytest.mark.parametrize(("file", "name", "attempt"), [
    ("he_init-1.ipynb", "he_init.ipynb", 2),
    ("he_init-12.ipynb", "he_init.ipynb", 13),
    ("sheet-1.ipynb", "sheet-1.ipynb", 0),
    ("sheet-1-1.ipynb", "sheet-1.ipynb", 2),
    ("part-2.ipynb", "part-2.ipynb", 0),
    ("he_init-1.old.ipynb", "he_init-1.old.ipynb", 0),
])
def test_only_what_canvas_put_behind_the_name_is_an_attempt(file: str, name: str, attempt: int) -> None:
    handed = one(read(f"leebo_503_90003_{file}"), "503")
    assert (handed.name, handed.attempt) == (name, attempt)


def test_a_name_with_a_number_behind_is_no_user_in_canvas() -> None:
    others = ["leebo_503_90003_he_init.ipynb", "xu_504_90004_he_init.ipynb"]
    reading = read("test_502_501_90001_he_init.ipynb", "test_12_505_90005_he_init.ipynb",
                   "7_506_90006_he_init.ipynb", "yi_507_90007_1234567_he_init.ipynb",
                   "test_509_508_text.html", *others)
    assert sorted(owners(reading).values()) == ["501", "503", "504", "505", "506", "507", "508"]
    alone = read("test_12_505_90005_he_init.ipynb", "xu_504_90004_9_he_init.ipynb", asked="canvas")
    assert sorted(owners(alone).values()) == ["504", "505"]


def test_where_nothing_tells_a_user_from_an_attachment_nobody_is_taken() -> None:
    reading = read("test_12_505_90005_he_init.ipynb", "xu_xu_504_text.html", asked="canvas")
    assert sorted(owners(reading).values()) == ["504"]
    assert reading.ignored[0][0] == "test_12_505_90005_he_init.ipynb"


def test_a_date_in_a_flat_folder_is_nobodys_number() -> None:
    reading = read("anna_2026_11_he_init.ipynb", "bo_2026_11_he_init.ipynb")
    assert sorted(owners(reading).values()) == ["anna_2026_11", "bo_2026_11"]


WORDS = st.text(st.characters(categories=["L", "M"]) | st.sampled_from("_"), min_size=1, max_size=12)


@given(st.data(), st.lists(st.tuples(st.integers(1_000, 9_998), WORDS, st.booleans(), st.booleans()),
                           unique_by=lambda p: p[0], min_size=1))
def test_every_canvas_file_is_read_back_at_its_user(
        data: st.DataObject, people: list[tuple[int, str, bool, bool]]) -> None:
    files = {"doejane_9999_899999_he_init.ipynb": "9999"}
    for at, (user, word, late, numbered) in enumerate(people):
        who = f"{word.lower()}{'_77' if numbered else ''}{'_LATE' if late else ''}_{user}"
        files[f"{who}_{900_000 + 2 * at}_3_4_he_init.ipynb"] = str(user)
        files[f"{who}_{900_001 + 2 * at}_he_init-1.ipynb"] = str(user)
    reading = read(*data.draw(shuffled(files)))
    assert (reading.layout, owners(reading)) == ("Canvas", files)


# --- plain folders ---------------------------------------------------------------------------------


def test_folders_and_flat_files_mixed() -> None:
    reading = read("anna/he_init.ipynb", "anna/work/notes.txt", "bo_he_init.ipynb", "bo_he_init-1.ipynb",
                   "bo-he_init-Copy2.ipynb", "carl he_init (2).ipynb", "dora_he_init.pdf",
                   "eve.zip/he_init.ipynb", "frid.ipynb",
                   empty=("gus", "anna/nothing"), refused=(("hal", "cannot be opened"),))
    assert [(h.person.id, h.name) for h in reading.handed] == [
        ("anna", "he_init.ipynb"), ("anna", "work/notes.txt"), ("bo", "bo_he_init.ipynb"),
        ("bo", "bo_he_init-1.ipynb"), ("bo", "bo-he_init-Copy2.ipynb"), ("carl", "carl he_init (2).ipynb"),
        ("dora", "dora_he_init.pdf"), ("eve", "he_init.ipynb"), ("frid", "frid.ipynb")]
    assert [person.id for person in reading.without] == ["gus", "hal"]


@pytest.mark.parametrize("file", [
    "Kopie von he_init (2).ipynb", "he_init.ipynb", "Untitled.ipynb", "Untitled3.ipynb", "he_init_old.ipynb",
    "README.md", ".he_init.ipynb", "feedback/he_init.ipynb", "sheet-1/he_init.ipynb"])
def test_what_names_nobody_is_nobodys(file: str) -> None:
    reading = read("anna/he_init.ipynb", file)
    assert owners(reading) == {"anna/he_init.ipynb": "anna"}
    assert [name for name, _ in reading.ignored] == [file]


def test_what_machines_leave_behind_is_nobodys_and_not_told() -> None:
    reading = read("anna/he_init.ipynb", "__MACOSX/anna/._he_init.ipynb", "._anna_he_init.ipynb", ".DS_Store",
                   "bo/.ipynb_checkpoints/he_init-checkpoint.ipynb", "anna/.git/config")
    assert owners(reading) == {"anna/he_init.ipynb": "anna"}
    assert reading.ignored == ()
    assert [person.id for person in reading.without] == ["bo"]


def test_one_name_written_in_two_ways_is_one_person() -> None:
    reading = read("Zoe\u0308/he_init.ipynb", "Zo\u00eb/sheet-1.ipynb", "Zoe\u0308_init.ipynb")
    assert set(owners(reading).values()) == {"Zo\u00eb"}


PERSON = st.one_of(st.sampled_from(["Müller, Jörg", "O'Brien", "محمد علي", "王小明", "=1+1", "a_b", "7",
                                    "Zoe\u0308", "Anna Schmidt", "test_2"]),
                   st.text("abcdeäöü'_, 0123", min_size=1, max_size=8))


@given(st.data(), st.lists(PERSON, min_size=2, unique_by=lambda name: unicodedata.normalize("NFC", name)))
def test_every_file_of_a_plain_folder_is_read_back_at_its_person(
        data: st.DataObject, people: list[str]) -> None:
    people = [name for name in people if name == name.strip("_ ")]
    files = {f"{name}/{place}": unicodedata.normalize("NFC", name) for name in people
             for place in ("he_init.ipynb", "work/data.csv")}
    files |= {f"{name}_sheet-1{mark}.ipynb": unicodedata.normalize("NFC", name) for name in people
              for mark in ("", " (2)", "-1")}
    if files:
        assert owners(read(*data.draw(shuffled(files)))) == files


# --- folders around ----------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [
    ["ML-7/Anna_1_assignsubmission_file/he_init.ipynb", "ML-7/Bo_2_assignsubmission_file/he_init.ipynb"],
    ["a/b/Anna_1_assignsubmission_file_he_init.ipynb", "notes.txt"],
    ["course_submissions/anna_501_90001_he_init.ipynb", "course_submissions/bo_502_90002_he_init.ipynb"],
    ["submitted/anna/he_init.ipynb", "submitted/bo/work/he_init.ipynb"],
    ["he_init/anna_he_init.ipynb", "he_init/bo_he_init.ipynb"],
    ["in/anna/he_init.ipynb", "in/bo/he_init.ipynb"],
])
def test_a_folder_around_a_class_is_no_student(files: list[str]) -> None:
    reading = read(*files)
    assert files[0].partition("/")[0] not in owners(reading).values()
    assert any(files[0].partition("/")[0] in line for line in reading.said)
    assert len(reading.handed) + len(reading.ignored) == len(files)
    assert {h.file.relative for h in reading.handed} <= set(files)


@pytest.mark.parametrize("files", [
    [f"{group}/{who}/he_init.ipynb" for group, who in ("Aa", "Ab", "Bc", "Bd")],
    [f"{group}/{who}/homework {who}.ipynb" for group, who in ("Aa", "Ab", "Bc", "Bd")],
    [f"{group}/{who}_he_init.ipynb" for group, who in ("Aa", "Ab", "Bc", "Bd")],
    ["week 1/anna/he_init.ipynb", "week 1/bo/he_init.ipynb", "week 2/anna/init.ipynb",
     "week 2/bo/init.ipynb"],
    ["somewhere/anna/he_init.ipynb"],
    ["somewhere/anna/he_init.ipynb", "somewhere/bo/he_init.ipynb"],
    ["somewhere/anna_he_init.ipynb", "somewhere/bo_he_init.ipynb"],
    ["group/a/he_init.ipynb", "group/b/he_init.ipynb", "carl/he_init.ipynb"],
], ids=range(8))
def test_where_students_and_folders_of_students_look_alike_the_tutor_is_asked(files: list[str]) -> None:
    with pytest.raises(IntakeError, match="--layout folders") as caught:
        read(*files)
    here, below = str(caught.value).split("\n")[1:]
    assert files[0].partition("/")[0] in here
    assert files[0].split("/")[1].partition("_")[0] in below
    insisted = read(*files, asked="folders")
    assert owners(insisted) == {file: file.partition("/")[0] for file in files}


@pytest.mark.parametrize("files", [
    ["anna/he_init.ipynb"],
    ["anna/he_init/he_init.ipynb", "anna/sheet-1/sheet-1.ipynb"],
    ["anna/week 1/he_init.ipynb", "anna/week 2/init.ipynb", "bo/he_init.ipynb"],
    ["anna/he_init.ipynb", "anna/old/he_init.ipynb", "bo/he_init.ipynb", "bo/data/explore.ipynb"],
    ["anna/a.zip/he_init.ipynb", "anna/b.zip/he_init.ipynb"],
    ["anna/1/he_init.ipynb", "anna/2/he_init.ipynb", "bo/he_init.ipynb", "carl/he_init.ipynb",
     "dora_he_init.ipynb"],
], ids=range(6))
def test_a_students_own_folders_are_no_students(files: list[str]) -> None:
    assert owners(read(*files)) == {file: file.partition("/")[0].partition("_")[0] for file in files}


def test_one_download_saved_twice_is_one_and_two_are_two() -> None:
    again = read("M-7/A_1_assignsubmission_file/a.ipynb", "M-7 (1)/A_1_assignsubmission_file/a.ipynb",
                 "M-7 (1)/B_2_assignsubmission_file/a.ipynb")
    assert sorted(owners(again).values()) == ["1", "1", "2"]
    with pytest.raises(IntakeError, match="each as a source of its own"):
        read("M-7/A_1_assignsubmission_file/a.ipynb", "M-8/A_1_assignsubmission_file/a.ipynb")


# --- nbgrader ----------------------------------------------------------------------------------------


def on_disk(root: Path, files: dict[str, str]) -> Tree:
    for relative, text in files.items():
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        (root / relative).write_text(text, encoding="utf-8")
    return tree(files, str(root))


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
    assert [file for file, _ in reading.ignored] == ["submitted/bo/ps1/timestamp.txt"]
    assert reading.said[0] == "submitted is taken; autograded, release, source left as they are"


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


# --- GitHub Classroom --------------------------------------------------------------------------------


def test_checkouts_are_their_usernames() -> None:
    reading = read("hw-submissions/hw-anna-b/he_init.ipynb", "hw-submissions/hw-bo/src/he_init.ipynb",
                   "hw-submissions/notes/he_init.ipynb", "hw-submissions/hw-bo/.git/config",
                   "hw-submissions/hw-carl/.git/config")
    assert reading.layout == "GitHub Classroom"
    assert [(h.person.id, h.name) for h in reading.handed] == [
        ("anna-b", "he_init.ipynb"), ("bo", "src/he_init.ipynb")]
    assert [person.id for person in reading.without] == ["carl"]
    assert [file for file, _ in reading.ignored] == ["hw-submissions/notes/he_init.ipynb"]


@pytest.mark.parametrize(("folders", "people"), [
    (["ml-hw-anna", "ml-hw-bo-lee", "ml-hw-carl"], {"anna", "bo-lee", "carl"}),
    (["he-init-anna", "he-init-bo", "he-init-init"], {"anna", "bo", "init"}),
    (["anna", "bo", "carl"], {"anna", "bo", "carl"}),
    (["hw-max-a", "hw-max-b"], {"hw-max-a", "hw-max-b"}),
])
def test_what_all_checkouts_begin_with_is_no_part_of_a_username(folders: list[str], people: set[str]) -> None:
    reading = read(*(f"{folder}/he_init.ipynb" for folder in folders), gits=tuple(folders))
    assert set(owners(reading).values()) == people


def test_two_checkouts_are_read_where_the_exercise_says_what_they_begin_with() -> None:
    reading = read("he-init-max-a/x.ipynb", "he-init-max-b/x.ipynb", gits=("he-init-max-a", "he-init-max-b"),
                   asked="classroom")
    assert set(owners(reading).values()) == {"max-a", "max-b"}


USERNAME = st.from_regex(r"[a-z0-9](?:-?[a-z0-9]){0,8}", fullmatch=True)


@given(st.data(), st.lists(USERNAME, min_size=1, unique=True))
def test_every_file_of_a_checkout_is_read_back_at_its_username(
        data: st.DataObject, people: list[str]) -> None:
    files = {f"hw-1-{name}/{place}": name for name in people
             for place in ("he_init.ipynb", "hw-1-x/he_init.ipynb")}
    reading = read(*data.draw(shuffled(files)), source="/course/hw-1-submissions")
    assert (reading.layout, owners(reading)) == ("GitHub Classroom", files)


# --- Gradescope --------------------------------------------------------------------------------------

METADATA = """---
submission_7001:
  :submitters:
  - :name: Jörg Müller
    :sid: '0123'
    :email: jm@example.org
  :created_at: 2026-11-20 18:03:00.123456000 Z
  :score: 3.0
submission_7002:
  :submitters:
  - :name: Anna Schmidt
    :sid: 0777
    :email: as1@example.org
  - :name: Anna Schmidt
    :sid:
    :email: as2@example.org
submission_7003:
  :submitters: []
"""


def test_gradescopes_metadata_say_who_and_when(tmp_path: Path) -> None:
    files = {f"assignment_5_export/submission_{number}/he_init.ipynb": "" for number in (7001, 7002, 7003)}
    metadata = {"assignment_5_export/submission_metadata.yml": METADATA}
    reading = chosen(on_disk(tmp_path, files | metadata), EXERCISES)
    assert reading.layout == "Gradescope"
    assert [(h.person.id, h.person.name, h.person.email, h.team, h.handed_in_at) for h in reading.handed] == [
        ("0123", "Jörg Müller", "jm@example.org", "", "2026-11-20T18:03:00.123456+00:00"),
        ("0777", "Anna Schmidt", "as1@example.org", "submission 7002", ""),
        ("as2@example.org", "Anna Schmidt", "as2@example.org", "submission 7002", ""),
        ("submission_7003", "", "", "", "")]


def test_a_student_number_that_two_have_is_nobodys(tmp_path: Path) -> None:
    submitter = "submission_{0}:\n  :submitters:\n  - :name: A\n    :sid: '1'\n    :email: {0}@x.org\n"
    files = {"submission_metadata.yml": submitter.format(1) + submitter.format(2),
             "submission_1/a.ipynb": "", "submission_2/a.ipynb": ""}
    assert set(owners(chosen(on_disk(tmp_path, files), EXERCISES)).values()) == {"1@x.org", "2@x.org"}


BOMB = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
                                  for old, new in pairwise("abcdefghijklmnop"))


@pytest.mark.parametrize("metadata", [
    None, "", "[", "- a", "\x00", "[" * 100_000, "!!python/object/apply:os.system [exit]", "a: &a [*a]", BOMB,
    "submission_1: &a\n  :submitters: [*a, 7, {{}: 1}]\n", "submission_1:\n  :submitters: {a: b}\n",
], ids=range(11))
def test_metadata_that_say_nothing_leave_the_submissions_numbers(
        tmp_path: Path, metadata: str | None) -> None:
    files = {"submission_1/a.ipynb": "", "submission_2/a.ipynb": ""}
    files |= {} if metadata is None else {"submission_metadata.yml": metadata}
    reading = chosen(on_disk(tmp_path, files), EXERCISES)
    assert {one.rpartition("_")[2] for one in owners(reading).values()} == {"1", "2"}
    assert reading.said


def test_metadata_that_are_too_large_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope, "MAX_METADATA", len(METADATA.encode()) - 1)
    files = {"submission_metadata.yml": METADATA, "submission_7001/a.ipynb": ""}
    reading = chosen(on_disk(tmp_path, files), EXERCISES)
    assert (set(owners(reading).values()), len(reading.said)) == ({"7001"}, 1)


def escaped(name: str) -> str:
    return name.encode("unicode_escape").decode().replace('"', r"\"")


@given(st.lists(st.tuples(NUMBERS, NAMES), unique_by=lambda p: p[0], min_size=1))
def test_every_file_of_gradescopes_is_read_back_at_its_student_number(
        people: list[tuple[int, str]]) -> None:
    lines = [f'submission_{number + 7}:\n  :submitters:\n  - :name: "{escaped(name)}"\n    :sid: "{number}"\n'
             for number, name in people]
    files = {f"submission_{number + 7}/he_init.ipynb": str(number) for number, _ in people}
    with TemporaryDirectory() as folder:
        (Path(folder) / "submission_metadata.yml").write_text("".join(lines), encoding="utf-8")
        reading = chosen(tree([*files, "submission_metadata.yml"], folder), EXERCISES)
    assert owners(reading) == files
    assert {h.person.id: h.person.name for h in reading.handed} == {
        str(number): unicodedata.normalize("NFC", name).strip() for number, name in people}


def test_attempts_that_a_student_calls_submissions_are_nobody_elses() -> None:
    with pytest.raises(IntakeError, match="--layout gradescope"):
        read("anna/submission_1/he_init.ipynb", "anna/submission_2/he_init.ipynb")
    with pytest.raises(IntakeError, match="--layout canvas"):
        read("anna/mlp_3_4_he_init.ipynb")


# --- a regular expression ----------------------------------------------------------------------------


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
                   asked=r".*?(?P<student_id>[a-z]+)_(?P<file_id>[^/]*)$")
    assert owners(reading) == {"anna_he_init.ipynb": "anna", "bo_he_init.ipynb": "bo"}


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


# --- whatever comes ----------------------------------------------------------------------------------


def test_an_unknown_layout_is_refused_with_the_known_ones() -> None:
    with pytest.raises(IntakeError, match=r"moodle.*student_id"):
        read("anna/he_init.ipynb", asked="blackboard")


@pytest.mark.parametrize("asked", [name for name in LAYOUTS if name != "folders"])
def test_a_layout_that_was_asked_for_is_not_another(asked: str) -> None:
    with pytest.raises(IntakeError):
        read("anna/he_init.ipynb", "bo/he_init.ipynb", asked=asked)


def test_an_empty_source_is_an_error() -> None:
    with pytest.raises(IntakeError):
        read()


PIECES = st.sampled_from([
    "anna", "submitted", "he_init", "he_init.ipynb", "a_1_2_x.ipynb", "timestamp.txt", "..", ".",
    "A_1_assignsubmission_file", "A_1_assignsubmission_file_x.ipynb", "submission_7", "x.zip", ".git",
    "submission_metadata.yml", "__MACOSX", "hw-submissions", "hw-anna", "_1_2_", "\udc80"])
PATHS = st.lists(PIECES | st.text(max_size=6), max_size=5).map("/".join)


@given(st.lists(PATHS, unique=True), st.lists(PATHS, max_size=3), st.sampled_from([None, *LAYOUTS]))
def test_junk_raises_nothing_but_what_a_tutor_can_read(
        files: list[str], folders: list[str], asked: str | None) -> None:
    try:
        reading = read(*files, asked=asked, empty=tuple(folders), gits=tuple(folders),
                       refused=tuple((folder, "no") for folder in folders))
    except IntakeError:
        return
    assert all(h.person.id for h in reading.handed)
    assert {h.file.relative for h in reading.handed} <= set(files)
