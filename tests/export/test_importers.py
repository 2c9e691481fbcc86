"""The importers that the exports are tested with: they take and refuse what Moodle and Canvas do."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.export import importers

SHEET = ("Identifier,Full name,Grade,Maximum grade,Grade can be changed,Last modified (grade)\r\n"
         "Participant 1,Ada,{},10.00,Yes,-\r\nParticipant 2,Ben,{},10.00,No,-\r\n"
         "Participant 3,Cem,{},10.00,Yes,-\r\n")
GRADEBOOK = "Student,ID,Section,Sheet (7),Final Score\r\n    Points Possible,,,10,(read only)\r\n"


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(("after", "read"), [
    (("7.5", "7", ""), {"1": 7.5}), (("11", "", "-1"), {}), (("3", "3", "x"), {}),
    (("0", "", "10"), {"1": 0.0, "3": 10.0})])
def test_moodle_passes_over_what_it_does_not_take(after: tuple[str, ...], read: dict[str, float]) -> None:
    before = SHEET.format("3", "", "")
    assert importers.moodle_grades(before.encode(), SHEET.format(*after).encode()) == read


def test_moodle_needs_its_three_columns_by_name() -> None:
    with pytest.raises(importers.Refused, match="Grade"):
        importers.moodle_grades(*[SHEET.replace(",Grade,", ",Note,").encode()] * 2)
    german = SHEET.replace(",", ";").replace(";Grade;", ";Note;").format("", "", "")
    found = importers.moodle_grades(german.encode(), german.replace("Ada;", "Ada;7,5").encode(), comma=True,
                                    headings=("Identifier", "Note", "Last modified (grade)"))
    assert found == {"1": 7.5}


def test_moodle_gives_files_to_participants_only() -> None:
    archive = zipped(**{
        "Ada_1_assignfeedback_file/feedback.html": "a",
        "x/B_2_assignsubmission_file_/feedback.html": "b",
        "C_3_assignfeedback_comments/feedback.html": "c", "D_9_assignfeedback_file/feedback.html": "d",
        "E_5_assignfeedback_file/.hidden": "e", "F_6_assignfeedback_file_feedback.html": "f",
        "G_x_H_7_assignfeedback_file/feedback.html": "g"})
    assert importers.moodle_feedback(archive, "123567") == {"1": b"a", "2": b"b", "6": b"f"}


def test_canvas_reads_scores_of_its_people_only() -> None:
    rows = ('"L, Ada",42,One,"7,5",9\r\n"B, Ben",43,One,0,\r\n"B, Ben",44,One,ex,\r\n'
            '"C, Cem",,One,-,\r\nZ,9,,1,\r\n')
    people = {"42": "L, Ada", "43": "B, Ben", "44": "B, Ben", "45": "C, Cem"}
    assert importers.canvas_grades((GRADEBOOK + rows).encode(), people) == {
        "42": {"7": 7.5}, "43": {"7": 0.0}, "44": {"7": "EX"}, "45": {}}


@pytest.mark.parametrize("head", [GRADEBOOK.replace(" (7)", ""), "Name,ID,Section,A (1)\r\n",
                                  "Student,Number,Section,A (1)\r\n"])
def test_canvas_refuses_what_would_make_an_assignment(head: str) -> None:
    with pytest.raises(importers.Refused):
        importers.canvas_grades(head.encode(), {})


def test_canvas_hangs_files_on_the_attachment_they_are_named_after() -> None:
    archive = zipped(**{"mullerjorg_501_90001_feedback.html": "m", "x/LATE_ada_LATE_502_90002_a_7.html": "l",
                        "anon_ab1_90003_feedback.html": "n", "grades.csv": "g", "._x_1_2_a.html": "h"})
    assert importers.canvas_feedback(archive) == {
        ("501", "90001"): b"m", ("502", "90002"): b"l", ("ab1", "90003"): b"n"}
