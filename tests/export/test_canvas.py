"""Canvas's gradebook filled in place, and a sheet of one's own: each score at its user or nowhere."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader.export import canvas
from grader.export.filling import Filled, Wish
from grader.export.out import ExportError
from grader.records import NotebookFile, Result, Status
from tests import samples as s
from tests.export import importers
from tests.export.test_moodle import NAMES, why

GRADEBOOK = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Old (1),Sheet 3 (12345),Final Score\r\n"
    ",,,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,5,20,(read only)\r\n"
    '"Lovelace, Ada",42,s1,ada@example.org,One,5,,9\r\n"Müller, Jörg",501,s2,jm@example.org,One,,-,\r\n'
    '"Boole, George",43,s3,gb@example.org,One,1,EX,\r\n"Curie, Marie",44,501,mc@example.org,One,1,12,\r\n')
PEOPLE = {"42": "Lovelace, Ada", "501": "Müller, Jörg", "43": "Boole, George", "44": "Curie, Marie"}
SHEET = {"he_init": "Sheet 3 (12345)"}


def filled(tmp_path: Path, results: list[Result], sheet: str = GRADEBOOK, *,
           assignments: dict[str, str] = SHEET, everybody: list[Result] | None = None, **wish: Any) -> Filled:
    (tmp_path / "g.csv").write_bytes(sheet.encode())
    return canvas.fill(results, tmp_path / "g.csv", everybody=everybody or results, assignments=assignments,
                       wish=Wish(**wish))


def scores(content: bytes, number: str = "12345") -> dict[str, float | str]:
    found = importers.canvas_grades(content, PEOPLE)
    return {user: marks[number] for user, marks in found.items() if number in marks}


def written(results: list[Result], assignments: dict[str, str] = SHEET) -> tuple[str, list[str]]:
    out = io.StringIO()
    left = canvas.write(results, out, assignments=assignments)
    return out.getvalue(), left


def out_of(points: float, student: str, most: float = 20.0, **said: Any) -> Result:
    return s.result(student, checks=s.PASSED, score=points, max_score=most, **said)


# --- the gradebook -------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", ["42", "lovelaceada_42", "lovelaceada_late_42_777_x.ipynb", "s1",
                                     "lovelaceada_LATE_42_777", "Lovelace, Ada", "Ada Lovelace",
                                     "ADA@example.org"])
def test_only_the_score_changes(tmp_path: Path, student: str) -> None:
    done = filled(tmp_path, [s.result(student)])
    assert done.content.decode() == GRADEBOOK.replace("One,5,,9", "One,5,7,9")


@pytest.mark.parametrize("student", ["mullerjorg_501_90001", "mullerjorg_501_90001_he_init-1.ipynb",
                                     "müllerjörg_501_42_x", "501_42", "mullerjorg_501"])
def test_the_attachments_number_is_nobodys(tmp_path: Path, student: str) -> None:
    assert scores(filled(tmp_path, [out_of(5, student)]).content) == {"501": 5.0, "43": "EX", "44": 12.0}


def test_whoever_fits_nobody_is_listed_and_the_others_are_written(tmp_path: Path) -> None:
    results = [out_of(5, "42"), out_of(6, "zoe"), out_of(7, "99"), out_of(8, "501", name="Zoe"),
               out_of(9, "s2", team="Team A"), out_of(10, "anon_501_90001_x"), out_of(11, "team_501")]
    done = filled(tmp_path, results)
    assert scores(done.content) == {"42": 5.0, "43": "EX", "44": 12.0}
    reasons = why(done)
    assert reasons["99"] == "no rows have the id 99"
    assert "Müller, Jörg (501)" in reasons["501"]
    assert set(reasons) == {"zoe", "99", "501", "s2", "anon_501_90001_x", "team_501"}


def test_an_id_that_is_two_peoples_is_decided_by_the_name_or_not_at_all(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5, "501")], replace=True)
    assert why(done) == {"501": "2 rows have the id 501"}
    assert scores(filled(tmp_path, [out_of(5, "501", name="Marie Curie")], replace=True).content) == {
        "43": "EX", "44": 5.0}


@pytest.mark.parametrize(("path", "found"), [
    ("mullerjorg_501_90001_he_init.ipynb", {"501": 5.0}),
    ("a.zip/mullerjorg_501_90001_x.ipynb", {"501": 5.0}),
    ("501/he_init.ipynb", {}), ("501/mullerjorg_501_90001_he_init.ipynb", {}), ("curie_44_501_x.ipynb", {})])
def test_an_id_that_is_also_a_schools_is_canvass_where_it_came_from_canvas(
        tmp_path: Path, path: str, found: dict[str, float]) -> None:
    done = filled(tmp_path, [out_of(5, "501", notebook=NotebookFile(path=path, sha256="0" * 64))])
    assert scores(done.content) == {"43": "EX", "44": 12.0} | found


def test_two_of_one_row_are_named_and_neither_is_written(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5, "42"), out_of(5, "s1"), out_of(6, "mullerjorg_501_1")])
    assert scores(done.content) == {"501": 6.0, "43": "EX", "44": 12.0}
    assert all("42 and s1" in reason for reason in why(done).values())


def test_scores_that_are_there_are_kept_and_the_excused_stay_excused(tmp_path: Path) -> None:
    results = [out_of(5, "43"), out_of(6, "44"), s.withheld("42"),
               s.result("jm@example.org", checks=(), score=None, status=Status.MISSING)]
    done = filled(tmp_path, results)
    assert done.content.decode() == GRADEBOOK
    assert set(why(done)) == {"43", "44", "42", "jm@example.org"}
    done = filled(tmp_path, results, replace=True)
    assert scores(done.content) == {"43": "EX", "44": 6.0}
    assert why(done)["43"] == "excused in Canvas (EX)"


def test_semicolons_and_the_decimal_comma_stay(tmp_path: Path) -> None:
    sheet = "\r\n".join(";".join(row) for row in csv.reader(io.StringIO(GRADEBOOK))) + "\r\n"
    done = filled(tmp_path, [out_of(7.5, "42")], sheet)
    assert done.content.decode() == sheet.replace("One;5;;9", "One;5;7,5;9")
    assert scores(done.content)["42"] == 7.5


@pytest.mark.parametrize(("assignments", "says"), [
    ({"nothing": "Sheet 3 (12345)"}, "no results of it"), ({"he_init": "Sheet 3"}, "no assignment number"),
    ({"he_init": "Sheet 4 (9)"}, r"no columns are called 'Sheet 4 \(9\)'; there are 'Old \(1\)'"),
    ({"he_init": "Read (7)"}, "read only")])
def test_columns_that_are_none_are_refused(tmp_path: Path, assignments: dict[str, str], says: str) -> None:
    sheet = GRADEBOOK.replace("Final Score", "Read (7)")
    with pytest.raises(ExportError, match=says):
        filled(tmp_path, [s.result("42")], sheet, assignments=assignments)


def test_other_points_are_refused_or_scaled_and_said(tmp_path: Path) -> None:
    sheet = GRADEBOOK.replace(",5,20,", ",5,10,")
    with pytest.raises(ExportError, match=r"he_init: 20 points, .* maximum is 10: .*--scale"):
        filled(tmp_path, [out_of(5, "42")], sheet)
    done = filled(tmp_path, [out_of(5, "42")], sheet, scale=True)
    assert scores(done.content)["42"] == 2.5
    assert done.notes == ("scaled: 20 points are the sheet's 10, each counts 0.5",)


def test_each_exercise_goes_to_its_column_and_two_of_one_are_added_up(tmp_path: Path) -> None:
    results = [out_of(5, "42", 10.0), structs.replace(out_of(2, "42", 10.0), exercise="two"),
               structs.replace(out_of(3, "42", 5.0), exercise="three")]
    done = filled(tmp_path, results, assignments={**SHEET, "two": SHEET["he_init"], "three": "Old (1)"},
                  replace=True)
    assert done.content.decode() == GRADEBOOK.replace("One,5,,9", "One,3,7,9")
    assert {change.heading for change in done.changes} == {"Sheet 3 (12345)", "Old (1)"}


@pytest.mark.parametrize("sheet", ["", "a,b,c\n1,2,3\n", GRADEBOOK.replace("Section", "Part"),
                                   GRADEBOOK.replace("Student,ID", "Student,Number")])
def test_what_is_no_gradebook_is_refused(tmp_path: Path, sheet: str) -> None:
    with pytest.raises(ExportError):
        filled(tmp_path, [s.result("42")], sheet)


def test_names_in_two_columns(tmp_path: Path) -> None:
    sheet = GRADEBOOK.replace("Student,", "LastName,FirstName,").replace('"Lovelace, Ada"', "Lovelace,Ada")
    sheet = sheet.replace(",,,,,,Man", ",,,,,,,Man").replace("Possible,", "Possible,,")
    for name in PEOPLE.values():
        sheet = sheet.replace(f'"{name}"', name.replace(", ", ","))
    done = filled(tmp_path, [s.result("42", name="Ada Lovelace")], sheet)
    assert "Lovelace,Ada,42,s1,ada@example.org,One,5,7,9" in done.content.decode()


# --- without one ---------------------------------------------------------------------------------------


def test_a_sheet_of_ones_own_needs_user_ids() -> None:
    text, left = written([s.result("lovelaceada_42_777_he_init.ipynb"), s.withheld("43"), s.result("501")])
    lines = text.splitlines()
    assert lines[:2] == ["Student,ID,Section,Sheet 3 (12345)", "    Points Possible,,,20"]
    assert lines[2].endswith(",42,,7")
    assert lines[3:] == ["43,43,,", "501,501,,7"]
    assert scores(text.encode()) == {"42": 7.0, "501": 7.0}
    assert left == []


def test_whose_user_id_is_not_sure_is_left_out_and_the_others_are_written() -> None:
    moodle = s.result("44", notebook=NotebookFile(path="Ada_44_assignsubmission_file/x.ipynb", sha256=""))
    text, left = written([s.result("42"), s.result("zoe"), s.result("team_1"), moodle, s.result("501"),
                          s.result("mullerjorg_501_90001"), s.result("x", team="Team A", source_id="43"),
                          s.result("anon_44_90001_x"), s.result("43", team="Team A")])
    assert scores(text.encode()) == {"42": 7.0}
    assert [line.split(":")[0] for line in left] == ["zoe", "team_1", "44", "x", "anon_44_90001_x", "43",
                                                     "501 and mullerjorg (mullerjorg_501_90001)"]


def test_a_sheet_of_ones_own_makes_no_assignment() -> None:
    for assignments in ({"he_init": "Sheet 3"}, {"nothing": "Sheet 3 (1)"}):
        with pytest.raises(ExportError):
            written([s.result("42")], assignments)


# --- any class -----------------------------------------------------------------------------------------


@given(people=st.dictionaries(st.integers(1, 40).map(str), NAMES, min_size=2, max_size=10),
       strangers=st.lists(st.tuples(st.integers(1, 60).map(str), NAMES), max_size=6),
       order=st.randoms(use_true_random=False), delimiter=st.sampled_from(",;"))
def test_each_score_is_at_its_user_or_nowhere_with_a_reason(
        tmp_path_factory: pytest.TempPathFactory, people: dict[str, str], strangers: list[tuple[str, str]],
        order: random.Random, delimiter: str) -> None:
    """As Canvas names their files; strangers have another's attachment, any number, or only a name."""
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    rows.writerow(["Student", "ID", "SIS Login ID", "Section", "Sheet 3 (12345)"])
    rows.writerow(["    Points Possible", "", "", "", "100"])
    rows.writerows([name, user, f"login{user}", "One", ""] for user, name in people.items())
    results = [out_of(at, f"{run_together(name)}_{user}_{at + 1}_x.ipynb" if at % 2 else user, 100.0,
                      name="" if at % 2 else name) for at, (user, name) in enumerate(people.items())]
    known = {result.student for result in results}
    results += [out_of(50 + at, number if at % 2 else f"s{at}", 100.0, name=name)
                for at, (number, name) in enumerate(strangers) if number not in people or not at % 2]
    order.shuffle(results)
    done = filled(tmp_path_factory.mktemp("class", numbered=True), results, text.getvalue())
    found = importers.canvas_grades(done.content, people)
    reasons = why(done)
    for result in results:
        given_to = [user for user, marks in found.items() if marks.get("12345") == result.score]
        if result.student in known:
            assert given_to in ([], [list(people)[int(result.score or 0)]])
            assert given_to or reasons[result.student]
        else:
            assert given_to == []
            assert reasons[result.student]


def run_together(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
