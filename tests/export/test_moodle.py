"""The tutor's worksheet: filled in place, every other byte kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import records
from grader.export import moodle
from grader.export.out import ExportError
from tests import samples as s

ENGLISH = ('\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
           '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
           '"Participant 42","Lovelace, ""Ada""",ada@example.org,"Submitted for grading",,"20.00",Yes,'
           '"Monday, 4 May 2026, 9:00 AM","-",""\r\n'
           '"Participant 43",Ben,ben@example.org,"Submitted for grading",3,20.00,No,'
           '"Monday, 4 May 2026",-,\r\n'
           '"Participant 44",Cem,cem@example.org,"No submission",-,20.00,Yes,-,-,\r\n')
GERMAN = ("Kennung;Vollständiger Name;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;"
          "Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback als Kommentar\n"
          "Teilnehmer/in42;Ada;Abgegeben;;20,00;Ja;;-;\n")


def filled(tmp_path: Path, results: list[records.Result], sheet: str = ENGLISH, *, encoding: str = "utf-8",
           **options: object) -> tuple[str, moodle.Filled]:
    worksheet, out = tmp_path / "sheet.csv", tmp_path / "out.csv"
    worksheet.write_bytes(sheet.encode(encoding))
    done = moodle.write(results, out, worksheet=worksheet, **options)  # type: ignore[arg-type]
    return out.read_bytes().decode(encoding), done


@pytest.mark.parametrize("student", ["42", "Ada Lovelace_42_assignsubmission_file",
                                     "Ada_42_assignsubmission_file_",
                                     "x_42", "ada@example.org", "Participant 42", 'Lovelace, "Ada"'])
def test_only_the_grade_changes(tmp_path: Path, student: str) -> None:
    text, done = filled(tmp_path, [s.result(student)])
    assert text == ENGLISH.replace('"Submitted for grading",,"20.00"', '"Submitted for grading",7,"20.00"')
    assert (done.rows, done.unmatched) == (1, ())


def test_a_german_sheet_keeps_its_comma(tmp_path: Path) -> None:
    half = s.result("42", checks=(*s.PASSED,), score=6.5)
    text, _ = filled(tmp_path, [half], GERMAN)
    assert ";Abgegeben;6,5;20,00;" in text


def test_an_unknown_language_is_understood_by_the_look_of_its_columns(tmp_path: Path) -> None:
    sheet = ("Tunniste,Nimi,Tila,Arvosana,Paras,Muokattavissa,Muokattu\nOsallistuja "
             "42,Ada,ok,,20.00,Kyllä,-\nOsallistuja 43,Ben,ok,4,20.00,Kyllä,-\n")
    text, _ = filled(tmp_path, [s.result("42")], sheet)
    assert "Osallistuja 42,Ada,ok,7,20.00" in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_encoding_stays(tmp_path: Path, encoding: str) -> None:
    sheet = ENGLISH.lstrip("\ufeff").replace("Ben", "Bén")
    text, _ = filled(tmp_path, [s.result("42")], sheet, encoding=encoding)
    assert "Bén" in text


def test_withheld_locked_and_unknown_rows_are_left_alone_and_told(tmp_path: Path) -> None:
    text, done = filled(tmp_path, [s.withheld("42"), s.result("43"), s.result("zoe")])
    assert text == ENGLISH
    assert (done.rows, done.withheld, done.locked, done.unmatched) == (0, ("42",), ("43",), ("zoe",))


def test_a_name_that_two_have_is_not_guessed(tmp_path: Path) -> None:
    text, done = filled(tmp_path, [s.result("Ben")], ENGLISH.replace(",Cem,", ",Ben,"))
    assert done.unmatched == ("Ben",)
    assert ",-,20.00" in text


def test_a_mark_that_moodle_would_skip_is_refused_or_scaled(tmp_path: Path) -> None:
    small = ENGLISH.replace("20.00", "5.00")
    with pytest.raises(ExportError, match="maximum"):
        filled(tmp_path, [s.result("42")], small)
    text, _ = filled(tmp_path, [s.result("42")], small, scale=True)
    assert ",1.75," in text


def test_comments_are_escaped_html(tmp_path: Path) -> None:
    text, _ = filled(tmp_path, [s.result("42", exercise="<script>")], comments=True)
    assert "<p>&lt;script&gt;: 7 / 20 points</p>" in text
    assert "SECRET" not in text


def test_what_is_no_worksheet_is_refused(tmp_path: Path) -> None:
    for sheet in ("", "a,b\n1,2\n", 'Identifier,Grade,Maximum grade,x\n"open'):
        with pytest.raises(ExportError):
            filled(tmp_path, [s.result("42")], sheet)
    with pytest.raises(ExportError, match="grade_column"):
        filled(tmp_path, [s.result("42")], "Id,Name,State,Result\nP 42,Ada,ok,\n")
    text, _ = filled(tmp_path, [s.result("42")], "Id,Name,State,Result\nP 42,Ada,ok,\n",
                     grade_column="Result")
    assert text.endswith("P 42,Ada,ok,7\n")
