"""Thirty people in every layout, through every export: each mark ends at its person, or nowhere and a line
says so."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from click.testing import Result

from grader.keep.output import Output
from tests.export.importers import canvas_feedback, canvas_grades, moodle_feedback, moodle_grades
from tests.lms import sheets, truth
from tests.lms.classes import BY_LOGIN, CLASS, EXERCISE
from tests.lms.conftest import Graded, run
from tests.lms.sheets import ENROLLED, FORMS, GRADED_BEFORE, LOCKED, WITHDRAWN, Form

LEFT_IN_MOODLE = {GRADED_BEFORE: "graded", LOCKED: "locked", WITHDRAWN: "gone"}
LEFT_IN_CANVAS = {GRADED_BEFORE: "graded", sheets.EXCUSED: "excused", WITHDRAWN: "gone"}
NUMBERS = {str(one.moodle): one.login for one in ENROLLED}
USERS = {str(one.canvas): one.login for one in ENROLLED}


def exported(graded: Graded, form: str, *words: object) -> Result:
    done = run("export", graded.out, "--format", form, *words)
    assert done.exit_code == 0, done.output
    return done


def test_everybody_has_their_own_mark_or_none_and_a_line(graded: Graded) -> None:
    assert list(truth.in_results(graded.laid, graded.rows, graded.said)) == []


def test_pages_are_of_whom_they_are_for(graded: Graded) -> None:
    pages = []
    for row in graded.rows:
        one = truth.of_id(graded.laid, str(row["student"]))
        pages += [(one, path.name, path.read_text(encoding="utf-8")) for path in _pages(graded, row)]
    assert list(truth.in_pages(graded.laid, pages)) == []
    assert pages


def _pages(graded: Graded, row: Mapping[str, object]) -> Iterator[Path]:
    """What is written for people about a submission."""
    for suffix in (".html", ".md", "-executed.html"):
        path = Output(graded.out).page(str(row["student"]), EXERCISE, suffix)
        if path.exists():
            yield path


def test_in_grades_csv(graded: Graded) -> None:
    for text in ((graded.out / "grades.csv").read_text(encoding="utf-8-sig"),
                 exported(graded, "csv").stdout.lstrip("\ufeff")):
        rows = list(csv.DictReader(io.StringIO(text)))
        marks = [(_cell(row["student"]), _number(row[f"{EXERCISE} score"])) for row in rows]
        assert list(truth.in_marks(graded.laid, marks)) == []


def _cell(text: str) -> str:
    """A cell as a spreadsheet's reader takes it: without what keeps a formula from being worked out."""
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _number(text: str) -> float | None:
    return float(text) if text else None


def test_in_junit(graded: Graded) -> None:
    suites = ET.fromstring(exported(graded, "junit").stdout).iter("testsuite")
    marks = [(suite.attrib["name"], _number(next((one.attrib["value"] for one in suite.iter("property")
                                                  if one.attrib["name"] == "score"), "")))
             for suite in suites]
    assert list(truth.in_marks(graded.laid, marks)) == []


@pytest.mark.parametrize("form", FORMS)
def test_in_moodle_s_sheet(graded: Graded, tmp_path: Path, form: str) -> None:
    found, told = filled_in_moodle(graded, tmp_path, FORMS[form])
    named = sheets.representable(FORMS[form])
    assert list(truth.in_sheet(
        graded.laid, found, told, left=LEFT_IN_MOODLE,
        must=lambda login: graded.laid.sheet == "moodle" and login in named)) == []


def filled_in_moodle(graded: Graded, folder: Path, form: Form) -> tuple[dict[str, float], str]:
    form = replace(form, blind=graded.laid.blind, teams=graded.laid.team_marks is not None)
    sheet, filled = sheets.worksheet(folder / "sheet.csv", form), folder / "filled.csv"
    done = exported(graded, "moodle", "--worksheet", sheet, "--output", filled)
    marks = moodle_grades(sheet.read_bytes(), filled.read_bytes(), participant=form.participant,
                          encoding=form.encoding, headings=form.headings, comma=form.decimal == ",")
    return {NUMBERS[number]: mark for number, mark in marks.items()}, done.output


def test_in_canvas_s_gradebook(graded: Graded, tmp_path: Path) -> None:
    sheet, filled = sheets.gradebook(tmp_path / "gradebook.csv"), tmp_path / "filled.csv"
    done = exported(graded, "canvas", "--worksheet", sheet, "--output", filled, "--assignment",
                    f"{EXERCISE}={sheets.COLUMN}")
    people = {str(one.canvas): one.sortable for one in ENROLLED}
    read = canvas_grades(filled.read_bytes(), people)
    before = canvas_grades(sheet.read_bytes(), people)
    marks = {USERS[user]: score["777"] for user, score in read.items()
             if "777" in score and score["777"] != before.get(user, {}).get("777")}
    assert all(isinstance(mark, float) for mark in marks.values())
    assert list(truth.in_sheet(
        graded.laid, {k: float(v) for k, v in marks.items()}, done.output,
        left=LEFT_IN_CANVAS, must=lambda login: graded.laid.sheet == "canvas")) == []


def test_in_moodle_s_feedback(graded: Graded, tmp_path: Path) -> None:
    archive = tmp_path / "feedback.zip"
    done = run("feedback", graded.out, "--for", "moodle", "--output", archive)
    assert done.exit_code == 0, done.output
    given = moodle_feedback(archive.read_bytes(), {str(one.moodle) for one in CLASS})
    pages = [(truth.of_id(graded.laid, number), number, page.decode()) for number, page in given.items()]
    assert list(truth.in_pages(graded.laid, pages)) == []


def test_in_canvas_s_feedback(graded: Graded, tmp_path: Path) -> None:
    archive = tmp_path / "feedback.zip"
    done = run("feedback", graded.out, "--for", "canvas", "--output", archive)
    assert done.exit_code == 0, done.output
    given = canvas_feedback(archive.read_bytes())
    pages = [(truth.of_id(graded.laid, user), user, page.decode()) for (user, _), page in given.items()]
    assert list(truth.in_pages(graded.laid, pages)) == []


__all__ = ["BY_LOGIN", "ET", "json", "unescape", "zipfile"]


@pytest.mark.parametrize("graded", ["moodle-blind", "canvas-anonymous"], indirect=True)
def test_nothing_that_is_written_names_who_may_not_be_known(graded: Graded) -> None:
    assert graded.laid.blind
    for path in graded.out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert [one.name for one in CLASS if one.name.encode() in content] == [], path
