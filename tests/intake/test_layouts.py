"""Each file ends at its person or nowhere: in plain folders, in folders around a class, in whatever comes."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import layouts
from grader.intake.handed import IntakeError
from grader.intake.layouts import LAYOUTS
from grader.intake.layouts.entries import split
from grader.intake.tree import opened
from tests.intake.layouts.trees import PERSON, owners, read, shuffled

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


# --- folders around --------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [
    ["ML-a-7/Anna_1_assignsubmission_file/he_init.ipynb", "ML-a-7/Bo_2_assignsubmission_file/he_init.ipynb"],
    ["downloads/ML-a-7/Anna_1_assignsubmission_file_he_init.ipynb", "notes.txt"],
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


def test_a_folder_called_like_an_exercise_says_which_it_is() -> None:
    reading = read("he_init/anna/x.ipynb", "he_init/bo/y.ipynb")
    assert [(h.person.id, h.exercise) for h in reading.handed] == [("anna", "he_init"), ("bo", "he_init")]


@pytest.mark.parametrize("files", [
    [f"{group}/{who}/he_init.ipynb" for group, who in ("Aa", "Ab", "Bc", "Bd")],
    [f"{group}/{who}/homework {who}.ipynb" for group, who in ("Aa", "Ab", "Bc", "Bd")],
    [f"{group}/{who}_he_init.ipynb" for group, who in ("Aa", "Ab", "Bc", "Bd")],
    ["week 1/anna/he_init.ipynb", "week 1/bo/he_init.ipynb", "week 2/anna/init.ipynb",
     "week 2/bo/init.ipynb"],
    ["somewhere/anna/he_init.ipynb"],
    ["somewhere/anna/he_init.ipynb", "somewhere/bo/he_init.ipynb"],
    ["somewhere/anna_he_init.ipynb", "somewhere/bo_he_init.ipynb"],
    ["somewhere.zip/anna/he_init.ipynb", "somewhere.zip/bo/he_init.ipynb"],
    ["A/anna.zip/x.ipynb", "A/bo.zip/x.ipynb", "B/carl.zip/x.ipynb", "B/dora.zip/x.ipynb"],
], ids=range(9))
def test_where_students_and_folders_of_students_look_alike_the_tutor_is_asked(files: list[str]) -> None:
    with pytest.raises(IntakeError, match="--layout folders") as caught:
        read(*files)
    here, below = str(caught.value).split("\n")[1:]
    assert files[0].partition("/")[0] in here
    assert files[0].split("/")[1].partition("_")[0] in below, below
    insisted = read(*files, asked="folders")
    assert owners(insisted) == {file: file.partition("/")[0].removesuffix(".zip") for file in files}


@pytest.mark.parametrize("others", [["carl/he_init.ipynb"], ["carl_he_init.ipynb"]])
def test_one_student_with_folders_like_students_stops_nobody_else(others: list[str]) -> None:
    reading = read("eve/a/he_init.ipynb", "eve/b/he_init.ipynb", *others)
    assert set(owners(reading).values()) == {"eve", "carl"}
    assert any(line.startswith("eve is taken for one student") for line in reading.said)


@pytest.mark.parametrize("files", [
    ["anna/he_init.ipynb"],
    ["anna/he_init/he_init.ipynb", "anna/sheet-1/sheet-1.ipynb"],
    ["anna/week 1/he_init.ipynb", "anna/week 2/init.ipynb", "bo/he_init.ipynb"],
    ["anna/he_init.ipynb", "anna/old/he_init.ipynb", "bo/he_init.ipynb", "bo/data/explore.ipynb"],
    ["anna/old/he_init.ipynb", "anna/new/he_init.ipynb", "bo/he_init.ipynb"],
    ["anna/he_init.ipynb", "anna/run_1_2_log.txt"],
    ["anna/he_init.zip/he_init.ipynb", "anna/he_init_old.zip/he_init.ipynb"],
    ["anna/1/he_init.ipynb", "anna/2/he_init.ipynb", "bo/he_init.ipynb", "carl/he_init.ipynb",
     "dora_he_init.ipynb"],
], ids=range(8))
def test_a_students_own_folders_are_no_students(files: list[str]) -> None:
    assert owners(read(*files)) == {file: file.partition("/")[0].partition("_")[0] for file in files}


def test_one_download_saved_twice_is_one_and_two_are_two() -> None:
    again = read("M-a-7/A_1_assignsubmission_file/a.ipynb", "M-a-7 (1)/A_1_assignsubmission_file/a.ipynb",
                 "M-a-7 (1)/B_2_assignsubmission_file/a.ipynb")
    assert sorted(owners(again).values()) == ["1", "1", "2"]
    with pytest.raises(IntakeError, match="each as a source of its own"):
        read("M-a-7/A_1_assignsubmission_file/a.ipynb", "M-a-8/A_1_assignsubmission_file/a.ipynb")


@pytest.mark.parametrize("files", [
    ["eve/Bob Miller_1004_assignsubmission_file/he_init.ipynb"],
    ["eve/Bob_1004_assignsubmission_file/he_init.ipynb", "eve/Cy_1005_assignsubmission_file/he_init.ipynb"],
    ["eve/w.zip/Bob Miller_1004_assignsubmission_file/he_init.ipynb"],
    ["ML-he_init-7.zip/Bob Miller_1004_assignsubmission_file/he_init.ipynb"],
    ["he_init.zip/bob_he_init.ipynb", "he_init.zip/cy_he_init.ipynb"],
    ["eve/millerbob_500_90010_he_init.ipynb", "eve/licy_503_90003_he_init.ipynb"],
    ["eve/submitted/bob/he_init/he_init.ipynb", "eve/submitted/bob/he_init/timestamp.txt"],
    ["eve/submission_7001/he_init.ipynb", "eve/submission_metadata.yml"],
], ids=range(8))
def test_the_only_persons_folder_or_archive_is_never_taken_for_a_download(files: list[str]) -> None:
    with pytest.raises(IntakeError):
        read(*files)


def test_a_layout_that_was_asked_for_is_not_looked_for_in_a_students_archive() -> None:
    with pytest.raises(IntakeError, match="laid out as Moodle"):
        read("eve/w.zip/Bob Miller_1004_assignsubmission_file/he_init.ipynb", asked="moodle")
    with pytest.raises(IntakeError, match="give it as the source"):
        read("ML-he_init-7.zip/Bob Miller_1004_assignsubmission_file/he_init.ipynb", asked="moodle")


# --- whatever comes --------------------------------------------------------------------------------


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
HIDDEN = re.compile(r"\.")
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
    kept, told = {h.file.relative for h in reading.handed}, {file for file, _ in reading.ignored}
    assert kept | told <= set(files)
    assert not kept & told
    assert reading.layout == "nbgrader" or not {
        file for file in set(files) - kept - told
        if "__MACOSX" not in file and file.strip("/.") and not any(map(HIDDEN.match, split(file)))}


def test_what_a_student_packed_says_nothing_of_the_whole_download(tmp_path: Path) -> None:
    """One who hands in as many zips as the class has files does not make it look like another layout."""
    with zipfile.ZipFile(tmp_path / "canvas.zip", "w") as download:
        for number in range(5):
            download.writestr(f"person{number}_50{number}_9000{number}_he_init.ipynb", "{}")
        for number in range(6):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as own:
                own.writestr("x/he_init.ipynb", "{}")
                own.writestr("x/timestamp.txt", "2026-01-01 12:00:00 UTC")
            download.writestr(f"bob_599_9010{number}_a{number}.zip", packed.getvalue())
    (tmp_path / "scratch").mkdir()
    tree = opened(tmp_path / "canvas.zip", tmp_path / "scratch")
    assert layouts.chosen(tree, ["he_init"], None).layout == "Canvas"
