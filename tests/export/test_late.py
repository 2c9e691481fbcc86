"""Every format: raw points, penalty and final apart; excused, bonus; nothing of hidden checks too early."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from grader import commands, export, records, single
from grader.export.feedback import pack
from grader.export.filling import Wish
from grader.pipeline import Graded
from grader.records import Calculation, Counted, Status
from grader.report.calculation import as_student
from tests import samples as s

DUE, CAME = "2026-11-20T23:59:00+01:00", "2026-11-22T01:59:00+01:00"


def late(student: str = "ada", exercise: str = "he_init", **more: Any) -> records.Result:
    one = Counted(number=1, raw=19.0, penalty=3.8, handed_in_at=CAME, late_seconds=93600.0, days=2,
                  per_day=0.1, share=0.2)
    return structs.replace(s.passed_all(student, exercise), **{
        "handed_in_at": CAME, "score": 15.2, "rules": Calculation(attempts=(one,), due=DUE), **more})


def excused(student: str = "ada", exercise: str = "he_init", **more: Any) -> records.Result:
    return structs.replace(s.passed_all(student, exercise), status=Status.EXCUSED, score=None,
                           rules=Calculation(), **more)


def bonus(student: str = "ada", exercise: str = "extra") -> records.Result:
    return structs.replace(s.passed_all(student, exercise), rules=Calculation(
        attempts=(Counted(number=1, raw=19.0),), bonus=True))


def kept_back(**more: Any) -> records.Result:
    return structs.replace(s.result(score=7.0, **more), rules=Calculation(
        attempts=(Counted(number=1, raw=7.0),), due=DUE, kept_back=True))


def written(form: str, *results: records.Result, **options: Any) -> str:
    out = io.StringIO()
    export.write(form, results, out, **options)
    return out.getvalue()


def rows(*results: records.Result, **options: Any) -> dict[str, dict[str, str]]:
    text = written("csv", *results, **options).removeprefix("\ufeff")
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


# --- tables --------------------------------------------------------------------------------------------


def test_a_table_has_raw_points_and_penalty_where_the_course_has_rules() -> None:
    row = rows(late())["ada"]
    assert list(row) == ["student", "name", "he_init raw", "he_init penalty", "he_init score", "he_init max",
                         "he_init status", "total", "total max", "status", "set by the tutor"]
    assert [*row.values()][2:] == ["19", "3.8", "15.2", "19", "graded", "15.2", "19", "graded", ""]
    assert "raw" not in written("csv", s.result())


def test_what_is_excused_is_in_neither_total_and_a_bonus_in_one() -> None:
    found = rows(excused(), late("ada", "two"), bonus(), late("ben"), late("ben", "two"), excused("cem"))
    assert (found["ada"]["total"], found["ada"]["total max"]) == ("34.2", "19")
    assert (found["ben"]["total"], found["ben"]["total max"]) == ("30.4", "38")
    assert (found["cem"]["total"], found["cem"]["total max"], found["cem"]["status"]) == ("", "19", "excused")


def test_who_has_passed() -> None:
    missing = structs.replace(s.result("mia"), status=Status.MISSING, score=None)
    found = rows(late(), late("ben", score=9.5), late("cem", score=9.4), s.withheld("wim"), missing,
                 excused("eva"), pass_mark=0.5)
    assert {who: row["passed"] for who, row in found.items()} == {
        "ada": "yes", "ben": "yes", "cem": "no", "wim": "", "mia": "no", "eva": ""}
    assert "passed" not in rows(late())["ada"]


def test_nbgrader_has_columns_for_it() -> None:
    row = next(csv.DictReader(io.StringIO(written("nbgrader", late()))))
    assert (row["duedate"], row["timestamp"]) == (DUE, CAME)
    assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("19", "3.8", "15.2")
    assert next(csv.DictReader(io.StringIO(written("nbgrader", s.withheld()))))["raw_score"] == ""


MOODLE = ("Identifier,Full name,Grade,Maximum Grade,Grade can be changed,Last modified (grade),"
          "Feedback comments\nParticipant 1,Ada,,{most},Yes,-,\n")


def moodle(tmp_path: Path, most: str, *results: records.Result) -> tuple[list[str], str, str]:
    sheet = tmp_path / "Grades.csv"
    sheet.write_text(MOODLE.format(most=most))
    filled = export.fill("moodle", results, sheet, everybody=results, notebooks={},
                         wish=Wish(), assignments={})
    row = next(csv.reader(filled.content.decode().splitlines()[1:]))
    return row, filled.changes[0].new, filled.changes[0].why


def test_moodle_gets_the_final_points_and_the_student_the_calculation(tmp_path: Path) -> None:
    row, new, why = moodle(tmp_path, "19.00", late("1"))
    assert (new, why) == ("15.2", "late: 19 - 3.8")
    assert "19 − 3.8 = 15.2" in row[-1]


def test_moodle_gets_no_mark_of_who_is_excused(tmp_path: Path) -> None:
    row, new, why = moodle(tmp_path, "19.00", excused("1"))
    assert (row[2], new, why) == ("", "", "excused")


def test_a_sum_leaves_out_what_is_excused_and_a_bonus_has_no_maximum(tmp_path: Path) -> None:
    _, new, why = moodle(tmp_path, "19.00", excused("1", "one"), late("1", "two"))
    assert (new, why) == ("15.2", "excused from one; late: 19 - 3.8")
    few = structs.replace(bonus("1"), score=2.0)
    assert moodle(tmp_path, "19.00", late("1"), few)[1] == "17.2"
    assert moodle(tmp_path, "19.00", few)[1] == "2"      # in a column of its own it has one


def test_moodle_s_comment_says_of_hidden_checks_what_the_report_says(tmp_path: Path) -> None:
    row, new, _ = moodle(tmp_path, "20.00", kept_back(student="1"))
    assert new == "7"
    assert "7 / 19 points" in row[-1]
    assert "hidden checks" in row[-1]


CANVAS = ("Student,ID,SIS Login ID,Section,Sheet (12)\n    Points Possible,,,,19\nAda,7,ada,A,{old}\n")


@pytest.mark.parametrize(("old", "new"), [("", "EX"), ("EX", "EX"), ("12", "12")])
def test_canvas_takes_excused_for_a_mark(tmp_path: Path, old: str, new: str) -> None:
    sheet = tmp_path / "Gradebook.csv"
    sheet.write_text(CANVAS.format(old=old))
    results = [excused("7")]
    filled = export.fill("canvas", results, sheet, everybody=results, notebooks={}, wish=Wish(),
                         assignments={"he_init": "Sheet (12)"})
    assert next(csv.reader(filled.content.decode().splitlines()[2:]))[-1] == new
    assert "7,,EX" in written("canvas", *results, assignments={"he_init": "Sheet (12)"})
    assert "7,,15.2" in written("canvas", late("7"), assignments={"he_init": "Sheet (12)"})


def test_gradescope_has_the_final_score_and_the_way_to_it() -> None:
    document = json.loads(written("gradescope", late()))
    assert document["score"] == 15.2
    assert document["extra_data"] == {"raw": 19, "penalty": 3.8}
    assert "19 − 3.8 = 15.2" in document["output"]
    assert "extra_data" not in json.loads(written("gradescope", s.result()))


def test_the_others_say_it_too() -> None:
    assert 'name="penalty" value="3.8"' in written("junit", late())
    assert "Points 15.2/19 (19 - 3.8 for lateness)" in written("github", late())
    told = export.write("classroom", [late()], io.StringIO())
    assert told == ["ada he_init: 3.8 points are taken for lateness, which GitHub Classroom has no place "
                    "for: its sum is that of the checks"]
    assert export.write("classroom", [s.result()], io.StringIO()) == []
    assert 'skipped="1"' in written("junit", excused(checks=()))


@pytest.mark.parametrize("form", ["gradescope", "github", "junit", "classroom"])
def test_what_students_read_says_nothing_of_hidden_checks_too_early(form: str) -> None:
    before, after = written(form, kept_back()), written(form, s.result())
    told = s.HIDDEN.advice if form == "github" else s.HIDDEN.id if form == "junit" else s.HIDDEN.title
    assert told in after
    assert told not in before


@pytest.mark.parametrize("form", ["gradescope", "github", "junit", "classroom"])
def test_one_notebook_alone_says_nothing_of_hidden_checks_too_early(
        form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of whom nobody knows the group: the last deadline that anybody has."""
    (tmp_path / "he_init").mkdir()
    (tmp_path / "he_init" / "exercise.toml").write_text("")
    handed = records.Submission(student="ada", exercise="he_init", path="x", sha256="a", notebook=s.NOTEBOOK)
    told = s.HIDDEN.advice if form == "github" else s.HIDDEN.id if form == "junit" else s.HIDDEN.title

    def said(due: str, group: str) -> tuple[str, int]:
        (tmp_path / "course.toml").write_text(
            'timezone = "Europe/Berlin"\n[rules]\nhidden = "after due"\n[[exercise]]\nname = "he_init"\n'
            f"due = {due}\ngroups = {{ B = {group} }}\n")
        checks = (*s.PASSED, s.HIDDEN)
        one = Graded(submission=handed, result=s.result(checks=checks if form != "github" else s.CHECKS))
        shown = commands.export_one(one, form, None, tmp_path)
        return capsys.readouterr().out, single.exit_code(shown)
    assert told in said("2020-01-01", "2020-01-02")[0]
    for due, group in (("2999-01-01", "2020-01-01"), ("2020-01-01", "2999-01-01")):
        before, code = said(due, group)
        assert told not in before
        assert (code == 0) is (form != "github"), "the exit code neither"


def test_what_a_tutor_gave_is_not_taken_for_what_is_kept_back() -> None:
    written = records.WrittenAnswer(id="why", question="", text="So.", max_points=4.0, points=3.0)
    one = structs.replace(kept_back(), written=(written,), bonus=2.0, by="kim", score=12.0, max_score=24.0)
    before = as_student(kept_back()).score
    assert before is not None
    assert as_student(one).score == before + 5.0


# --- reports -------------------------------------------------------------------------------------------


def entry(student: str) -> records.NotebookFile:
    return records.NotebookFile(path=f"ada_{student}_900_he_init.ipynb", sha256="0" * 64)


def test_who_is_late_or_excused_gets_a_report_like_all_others() -> None:
    results = [late("501", notebook=entry("501")), excused("502", notebook=entry("502")),
               structs.replace(excused("503"), checks=(), notebook=records.NotebookFile(path="", sha256=""))]
    packed = pack(results, {}, audience="canvas", sheet=None, everybody=results, language="en")
    assert packed.reports == 2
    assert [(who, why) for who, why in packed.left] == [("503", "excused")]
