"""Thirty people in every layout, through every export: each mark ends at its person, or nowhere and a line
says so."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from grader.keep.output import Output
from tests.export.importers import canvas_feedback, canvas_grades, moodle_feedback, moodle_grades
from tests.lms import sheets, truth
from tests.lms.classes import CLASS, EXERCISE
from tests.lms.conftest import Graded, run
from tests.lms.sheets import ENROLLED, FORMS, GRADED_BEFORE, LOCKED, WITHDRAWN, Form

LEFT_IN_MOODLE = {GRADED_BEFORE: "graded", LOCKED: "locked", WITHDRAWN: "gone"}
LEFT_IN_CANVAS = {GRADED_BEFORE: "graded", sheets.EXCUSED: "excused", WITHDRAWN: "gone"}
EVERYBODY = (*CLASS, sheets.NEVER)
NUMBERS = {str(one.moodle): one.login for one in EVERYBODY}
USERS = {str(one.canvas): one.login for one in EVERYBODY}


def exported(graded: Graded, form: str, *words: object) -> Result:
    done = run("export", graded.out, "--format", form, *words)
    assert done.exit_code == 0, done.output
    return done


def test_everybody_has_their_own_mark_or_none_and_a_line(graded: Graded) -> None:
    assert list(truth.in_results(graded.laid, graded.rows, graded.said)) == []


def test_pages_are_of_whom_they_are_for(graded: Graded) -> None:
    pages = [(truth.of_id(graded.laid, str(row["student"])), path.name, path.read_text(encoding="utf-8"))
             for row in graded.rows for path in _pages(graded, row)]
    assert list(truth.in_pages(graded.laid, pages)) == []
    assert len(pages) > 2 * len(graded.laid.due)


def _pages(graded: Graded, row: Mapping[str, object]) -> list[Path]:
    """What is written for people about a submission."""
    every = (Output(graded.out).page(str(row["student"]), EXERCISE, suffix)
             for suffix in (".html", ".md", "-executed.html"))
    return [path for path in every if path.exists()]


@pytest.mark.parametrize("separator", [",", ";"])
def test_in_tables_for_spreadsheets(graded: Graded, separator: str) -> None:
    texts = [exported(graded, "csv", "--separator", separator).stdout]
    texts += [(graded.out / "grades.csv").read_text(encoding="utf-8")] if separator == "," else []
    for text in texts:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=separator))
        marks = [(_cell(row["student"]), _number(row[f"{EXERCISE} score"])) for row in rows]
        assert list(truth.in_marks(graded.laid, marks)) == []


def _cell(text: str) -> str:
    """A cell as a spreadsheet shows it: without what keeps a formula from being worked out."""
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _number(text: str) -> float | None:
    return float(text.replace(",", ".")) if text else None


def test_in_nbgrader_s_columns(graded: Graded) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(graded, "nbgrader").stdout)))
    marks = [(_cell(row["student_id"]), _number(row["score"])) for row in rows]
    assert list(truth.in_marks(graded.laid, marks)) == []


def test_in_junit(graded: Graded) -> None:
    suites = ET.fromstring(exported(graded, "junit").stdout.encode()).iter("testsuite")
    marks = [(suite.attrib["name"], _number(next((one.attrib["value"] for one in suite.iter("property")
                                                  if one.attrib["name"] == "score"), "")))
             for suite in suites]
    assert list(truth.in_marks(graded.laid, marks)) == []


@pytest.mark.parametrize("form", ["gradescope", "github", "classroom"])
def test_one_person_alone(graded: Graded, form: str) -> None:
    """What CI services read is of one person, and nothing in it of another."""
    some = [row for row in graded.rows if row["status"] == "graded"][::7]
    pages = [(truth.of_id(graded.laid, str(row["student"])), str(row["student"]),
              exported(graded, form, "--student", row["student"]).stdout) for row in some]
    assert list(truth.in_pages(graded.laid, pages)) == []
    assert pages


@pytest.mark.parametrize("form", FORMS)
def test_in_moodle_s_sheet(graded: Graded, tmp_path: Path, form: str) -> None:
    found, told = filled_in_moodle(graded, tmp_path, FORMS[form])
    named = sheets.representable(replace(FORMS[form], teams=graded.laid.team_marks is not None))
    assert list(truth.in_sheet(
        graded.laid, found, told, left=LEFT_IN_MOODLE,
        must=lambda login: graded.laid.sheet == "moodle" and login in named)) == []


def moodle_sheet(graded: Graded, folder: Path, form: Form) -> Path:
    return sheets.worksheet(folder / "sheet.csv", replace(
        form, blind=graded.laid.blind, teams=graded.laid.team_marks is not None))


def filled_in_moodle(graded: Graded, folder: Path, form: Form) -> tuple[dict[str, float], str]:
    sheet, filled = moodle_sheet(graded, folder, form), folder / "filled.csv"
    done = exported(graded, "moodle", "--worksheet", sheet, "--output", filled)
    marks = moodle_grades(sheet.read_bytes(), filled.read_bytes(), participant=form.participant,
                          encoding=form.encoding, headings=form.headings, comma=form.decimal == ",")
    return {NUMBERS[number]: mark for number, mark in marks.items()}, done.output


def test_in_canvas_s_gradebook(graded: Graded, tmp_path: Path) -> None:
    sheet, filled = sheets.gradebook(tmp_path / "gradebook.csv"), tmp_path / "filled.csv"
    done = exported(graded, "canvas", "--worksheet", sheet, "--output", filled, "--assignment",
                    f"{EXERCISE}={sheets.COLUMN}")
    people = {str(one.canvas): one.sortable for one in ENROLLED}
    before = canvas_grades(sheet.read_bytes(), people)
    marks = {USERS[user]: score["777"] for user, score in canvas_grades(filled.read_bytes(), people).items()
             if "777" in score and score["777"] != before.get(user, {}).get("777")}
    assert all(isinstance(mark, float) for mark in marks.values())
    assert list(truth.in_sheet(
        graded.laid, {login: float(mark) for login, mark in marks.items()}, done.output,
        left=LEFT_IN_CANVAS, must=lambda login: graded.laid.sheet == "canvas")) == []


# --- feedback ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", ["sheet", "no sheet"])
def test_in_moodle_s_feedback(graded: Graded, tmp_path: Path, sheet: str) -> None:
    given = ("--worksheet", moodle_sheet(graded, tmp_path, FORMS["en"])) if sheet == "sheet" else ()
    _feedback(graded, "moodle", tmp_path / "feedback.zip", *given)


@pytest.mark.parametrize("sheet", ["sheet", "no sheet"])
def test_in_canvas_s_feedback(graded: Graded, tmp_path: Path, sheet: str) -> None:
    given = ("--worksheet", sheets.gradebook(tmp_path / "gradebook.csv")) if sheet == "sheet" else ()
    _feedback(graded, "canvas", tmp_path / "feedback.zip", *given)


def _feedback(graded: Graded, lms: str, archive: Path, *words: object) -> None:
    """Each page is of whom the LMS hands it to; who gets none is named."""
    laid = graded.laid
    done = run("feedback", graded.out, "--for", lms, "--output", archive, *words)
    if done.exit_code:
        assert laid.sheet != lms or (laid.team_marks and not words), done.output
        assert "nobody's report can be sent" in done.output
        return
    content = archive.read_bytes()
    if lms == "moodle":
        given = {NUMBERS.get(number, number): page
                 for number, page in moodle_feedback(content, {str(one.moodle) for one in CLASS}).items()}
    else:
        given = {USERS.get(user, user): page for (user, _), page in canvas_feedback(content).items()}
    pages = [(laid.of(login) or truth.of_id(laid, login), login, page.decode())
             for login, page in given.items()]
    assert list(truth.in_pages(laid, pages)) == []
    lacking = [one for one in laid.due if one.token is not None and not one.lenient and one.login
               and not {one.login, *one.ids} & given.keys() and not one.named_in(done.output)]
    assert lacking == []
    if laid.sheet == lms and words and not laid.team_marks:
        assert {one.login for one in laid.due if one.token is not None} - {*given} <= {WITHDRAWN}


@pytest.mark.parametrize("graded", ["moodle-blind", "canvas-anonymous"], indirect=True)
def test_nothing_that_is_written_names_who_may_not_be_known(graded: Graded) -> None:
    assert graded.laid.blind
    for path in graded.out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert [one.name for one in CLASS if one.name.encode() in content] == [], path
