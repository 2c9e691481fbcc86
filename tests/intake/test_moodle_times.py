"""When something was handed in, by Moodle's grading worksheet."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_datetime

from grader.intake.layouts.moodle_times import MONTHS, moment
from grader.records import Person
from tests.intake.handing import Download, moodle, taken, token, write

HEAD = ("Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
        "Last modified (submission),Last modified (grade),Feedback comments")
CAME = "2026-11-20T23:59:00"


def sheet(path: Path, *rows: tuple[str, str, str], head: str = HEAD) -> Path:
    """Numbers, names, and when they handed in."""
    lines = [f'Participant {number},{name},,Submitted,,20,Yes,"{came}",-,' for number, name, came in rows]
    return write(path, "\n".join((head, *lines)))


def times(*downloads: Download, sheets: list[Path]) -> tuple[dict[str, str], str]:
    intake = taken(*downloads, roster=tuple(sheets))
    return {one.name or one.student: one.handed_in_at for one in intake.submissions}, "\n".join(intake.notes)


@pytest.mark.parametrize("text", [
    "Friday, 20 November 2026, 11:59 PM", "Friday, November 20, 2026, 11:59 PM", "20 November 2026, 23:59",
    "Freitag, 20. November 2026, 23:59", "Freitag, 20. November 2026, 23:59 Uhr", "20.11.2026, 23:59",
    "vendredi 20 novembre 2026, 23:59", "vendredi 20 novembre 2026 à 23h59",
    "viernes, 20 de noviembre de 2026, 23:59", "venerdì, 20 novembre 2026, 23:59",
    "vrijdag, 20 november 2026, 23:59", "sexta-feira, 20 de novembro de 2026 às 23:59",
    "Friday, 20\u00a0November 2026, 11:59\u202fp.m.", "2026-11-20 23:59", "2026-11-20T23:59:00",
    "fredag 20 november 2026 kl. 23:59", "piątek, 20 listopada 2026, 23:59"])
def test_a_date_in_the_sites_language_is_read(text: str) -> None:
    found = moment(text)
    assert found is not None
    assert found.isoformat() == CAME


@pytest.mark.parametrize("text", [
    "03/04/2026, 23:59", "20/11/26 23:59", "11/20/2026, 11:59 PM", "2026年11月20日 23:59", "soon",
    "Friday, 20 November 2026", "Friday, 31 November 2026, 11:59 PM", "20 November 2026, 13:59 PM",
    "20 November 21 December 2026, 23:59", "99.99.2026 23:59", "2026-13-01 10:00",
    "20 Novembermai 2026, 23:59", "20 November 2026, 23:59 and more", "3 4 November 2026, 23:59", "1" * 5000])
def test_what_cannot_be_told_for_certain_is_no_date(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize("language", MONTHS)
def test_every_month_is_the_one_that_its_language_means(language: str) -> None:
    for month in range(1, 13):
        when = datetime.datetime(2026, month, 17, 18, 5)
        said = format_datetime(when, "EEEE d MMMM yyyy HH:mm", locale=Locale.parse(language))
        assert moment(said) == when, said


def test_the_worksheet_tells_when_each_handed_in(tmp_path: Path) -> None:
    found, notes = times(moodle(tmp_path / "a", ("1003", "Anna Schmidt"), ("1004", "Ben Weber")), sheets=[
        sheet(tmp_path / "Grades.csv", ("1003", "Anna Schmidt", "Friday, 20 November 2026, 11:59 PM"),
              ("1004", "Ben Weber", "-"))])
    assert found == {"Anna Schmidt": CAME, "Ben Weber": ""}
    assert "certain" not in notes


def test_a_number_is_of_one_assignment(tmp_path: Path) -> None:
    """Two assignments may give one number to two people, and one person two numbers."""
    found, _ = times(
        moodle(tmp_path / "a", ("7", "Anna Schmidt")),
        moodle(tmp_path / "b", ("7", "Ben Weber"), exercise="init"),
        sheets=[sheet(tmp_path / "A.csv", ("7", "Anna Schmidt", "Friday, 20 November 2026, 11:59 PM")),
                sheet(tmp_path / "B.csv", ("7", "Ben Weber", "Saturday, 21 November 2026, 11:59 PM"))])
    assert found == {"Anna Schmidt": CAME, "Ben Weber": "2026-11-21T23:59:00"}


def test_two_sheets_that_say_two_things_say_nothing(tmp_path: Path) -> None:
    found, _ = times(moodle(tmp_path / "a", ("7", "Anna Schmidt")), sheets=[
        sheet(tmp_path / "A.csv", ("7", "Anna Schmidt", "Friday, 20 November 2026, 11:59 PM")),
        sheet(tmp_path / "B.csv", ("7", "Anna Schmidt", "Saturday, 21 November 2026, 11:59 PM"))])
    assert found == {"Anna Schmidt": ""}


def test_a_team_handed_in_when_its_members_rows_say(tmp_path: Path) -> None:
    download = Download(tmp_path / "a", "Moodle").hands_in(
        Person(id="31", name="Group A"), "work.ipynb", token("31"), team="Group A")
    rows = "\n".join(f'Participant {number},{name},Group A,,20,"Friday, 20 November 2026, 11:59 PM",-'
                     for number, name in (("31", "Anna Schmidt"), ("8", "Ben Weber")))
    path = write(tmp_path / "Grades.csv", "Identifier,Full name,Group,Grade,Maximum grade,"
                                          f"Last modified (submission),Last modified (grade)\n{rows}")
    found, _ = times(download, sheets=[path])
    assert set(found.values()) == {CAME}


def test_a_german_sheet_says_it_too(tmp_path: Path) -> None:
    path = write(tmp_path / "Bewertungen.csv", "\n".join((
        "ID;Vollständiger Name;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;"
        "Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback als Kommentar",
        "Teilnehmer/in1003;Anna Schmidt;Zur Bewertung abgegeben;;20,00;Ja;"
        "Freitag, 20. November 2026, 23:59;Montag, 23. November 2026, 09:00;")), "utf-8-sig")
    found, _ = times(moodle(tmp_path / "a", ("1003", "Anna Schmidt")), sheets=[path])
    assert found == {"Anna Schmidt": CAME}


def test_a_date_nobody_can_tell_is_one_line_that_names_it(tmp_path: Path) -> None:
    found, notes = times(moodle(tmp_path / "a", ("1003", "Anna Schmidt")), sheets=[
        sheet(tmp_path / "Grades.csv", ("1003", "Anna Schmidt", "03/04/2026, 23:59"),
              ("9", "Cem", "04/05/2026, 1:00"))])
    assert found == {"Anna Schmidt": ""}
    lines = [line for line in notes.splitlines() if "for certain" in line]
    assert len(lines) == 1
    assert "'03/04/2026, 23:59' (Participant 1003) and 1 more in 'Last modified (submission)'" in lines[0]


def test_another_list_tells_no_times(tmp_path: Path) -> None:
    """Only a worksheet has Moodle's numbers, and only Moodle's submissions are asked of it."""
    plain = write(tmp_path / "roster.csv",
                  "id,name,moved (a),moved (b)\n1003,Anna Schmidt,2026-11-20 23:59,\n")
    found, _ = times(moodle(tmp_path / "a", ("1003", "Anna Schmidt")), sheets=[plain])
    assert found == {"Anna Schmidt": ""}
    folders = Download(tmp_path / "b").hands_in(
        Person(id="1003", name="Anna Schmidt"), "he_init.ipynb", token("x"))
    found, _ = times(folders, sheets=[sheet(
        tmp_path / "Grades.csv", ("1003", "Anna Schmidt", "Friday, 20 November 2026, 11:59 PM"))])
    assert found == {"Anna Schmidt": ""}
