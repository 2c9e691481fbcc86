"""The tutor's worksheet: filled in place, every other byte kept, each mark at its person or nowhere."""

from __future__ import annotations

import codecs
import csv
import io
import random
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader.export import moodle
from grader.export.filling import Filled, Wish
from grader.export.out import ExportError
from grader.intake.spelling import folded_name
from grader.records import Result, Status
from tests import samples as s
from tests.export import importers

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
TEAMS = ("Identifier,Full name,Status,Group,Grade,Maximum grade,Grade can be changed,"
         "Last modified (grade)\r\nParticipant 7,Ada,Submitted,Team A,,20.00,Yes,-\r\n"
         "Participant 8,Ben,Submitted,Team B,,20.00,Yes,-\r\n"
         "Participant 9,Cem,Submitted,Team A,,20.00,Yes,-\r\n")
BLIND = ("Identifier,Status,Grade,Maximum grade,Grade can be changed,Last modified (grade)\r\n"
         "Participant 7,Submitted,,20.00,Yes,-\r\nParticipant 8,Submitted,,20.00,Yes,-\r\n")


def filled(tmp_path: Path, results: list[Result], sheet: str | bytes = ENGLISH, *,
           everybody: list[Result] | None = None, language: str = "en",
           notebooks: dict[tuple[str, str], str] | None = None, **wish: Any) -> Filled:
    worksheet = tmp_path / "sheet.csv"
    worksheet.write_bytes(sheet if isinstance(sheet, bytes) else sheet.encode())
    return moodle.fill(results, worksheet, everybody=everybody or results, wish=Wish(**wish),
                       notebooks=notebooks or {}, language=language)


def grades(done: Filled, sheet: str = ENGLISH) -> dict[str, float]:
    return importers.moodle_grades(sheet.encode(), done.content)


def why(done: Filled) -> dict[str, str]:
    return {change.student: change.why for change in done.changes if not change.new}


def cells(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def out_of(points: float, student: str = "42", most: float = 20.0, **said: Any) -> Result:
    return s.result(student, checks=s.PASSED, score=points, max_score=most, **said)


# --- whose row -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", ["42", "Ada Lovelace_42_assignsubmission_file", "ada@example.org",
                                     "Ada Lovelace_42_assignsubmission_file_", "Participant 42",
                                     'Lovelace, "Ada"', "login1 Ada Lovelace_42_assignsubmission_file"])
def test_only_the_grade_changes(tmp_path: Path, student: str) -> None:
    done = filled(tmp_path, [s.result(student)], ENGLISH.replace('"-",""', '"-","well done"'))
    assert done.content.decode() == ENGLISH.replace(
        '"Submitted for grading",,"20.00"', '"Submitted for grading",7,"20.00"').replace(
        '"-",""', '"-","well done"')
    [change] = done.changes
    assert (change.old, change.new, change.person) == ("", "7", 'Lovelace, "Ada" (Participant 42)')


@pytest.mark.parametrize("first", ["42", "Ada Lovelace_42_assignsubmission_file"])
def test_two_that_fit_one_row_are_named_and_neither_is_written(tmp_path: Path, first: str) -> None:
    two = [out_of(10, first), out_of(10, "ada@example.org"), out_of(12, "44")]
    done = filled(tmp_path, two)
    assert grades(done) == {"44": 12.0}
    for student in (first, "ada@example.org"):
        assert first in why(done)[student]
        assert "ada@example.org" in why(done)[student]


def test_the_id_comes_before_the_name_and_never_against_it(tmp_path: Path) -> None:
    sheet = ENGLISH.replace(",Cem,", ",Ben,").replace(",No,", ",Yes,").replace(",3,", ",,")
    done = filled(tmp_path, [out_of(5, "44", name="Ben"), out_of(6, "43", name="Ben"),
                             out_of(9, "42", name="Zoe")], sheet)
    assert grades(done, sheet) == {"43": 6.0, "44": 5.0}
    assert why(done) == {"42": 'the number is that of Lovelace, "Ada" (Participant 42)'}


def test_a_number_of_another_assignment_finds_nobody_by_name(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5, "99", name="Cem"), out_of(6, "7", source_id="44", name="cem")])
    assert grades(done) == {"44": 6.0}
    assert why(done) == {"99": "no row has the number 99"}
    several = [out_of(1, "44"), structs.replace(out_of(2, "44", source_id="45"), exercise="other")]
    assert "--only" in why(filled(tmp_path, several))["44"]


@pytest.mark.parametrize(("heading", "theirs"), [
    ("Department", False), ("Institution", False), ("Phone", False), ("Abteilung", False),
    ("Email address", True), ("ID number", True), ("Username", True), ("E-Mail-Adresse", True),
    ("ID-Nummer", True), ("Anmeldename", True), ("Nome utente", True)])
def test_only_what_tells_who_somebody_is_finds_a_row(tmp_path: Path, heading: str, theirs: bool) -> None:
    """What students write into their own profiles is nobody's key."""
    sheet = ENGLISH.replace("Email address", heading).replace("cem@example.org", "bob@example.org")
    done = filled(tmp_path, [s.result("bob@example.org")], sheet)
    assert grades(done, sheet) == ({"44": 7.0} if theirs else {})
    assert why(done) == ({} if theirs else {"bob@example.org": "no row fits"})



def test_a_number_of_the_schools_needs_the_name_too(tmp_path: Path) -> None:
    sheet = ENGLISH.replace("Email address", "ID number").replace("cem@example.org", "1234567")
    unsure = filled(tmp_path, [out_of(5, "1234567")], sheet)
    assert why(unsure) == {"1234567": "no row has the number 1234567"}
    assert grades(filled(tmp_path, [out_of(5, "1234567", name="Cem")], sheet), sheet) == {"44": 5.0}
    assert grades(filled(tmp_path, [out_of(5, "1234567", name="Ben")], sheet), sheet) == {}


def test_a_name_that_two_have_is_not_guessed(tmp_path: Path) -> None:
    done = filled(tmp_path, [s.result("Ben")], ENGLISH.replace(",Cem,", ",Ben,"))
    assert why(done) == {"Ben": "2 rows fit"}
    namesakes = [out_of(1, "cem-1", name="Cem"), out_of(2, "cem-2", name="CEM")]
    for results in (namesakes, namesakes[:1]):
        done = filled(tmp_path, results, everybody=namesakes)
        assert grades(done) == {}
        assert set(why(done).values()) == {"others have this name too"}


@pytest.mark.parametrize(("ours", "theirs"), [
    ("Anne Mu\u0308ller", "Anne Müller"), ("O’Neil", "O’Neil"), ("ONeil", "O'Neil"), ("x y", "X_Y"),
    ("Schmidt, Anna", "Anna Schmidt"), ("STRASSE", "Straße"), ("محمد علي", "محمد علي"), ("王小明", "王小明")])
def test_one_name_in_two_spellings(tmp_path: Path, ours: str, theirs: str) -> None:
    sheet = ENGLISH.replace(",Cem,", f',"{theirs}",')
    assert grades(filled(tmp_path, [out_of(5, "44", name=ours)], sheet), sheet) == {"44": 5.0}
    assert grades(filled(tmp_path, [out_of(5, ours)], sheet), sheet) == {"44": 5.0}


def test_with_blind_marking_only_numbers_count(tmp_path: Path) -> None:
    results = [out_of(5, "7"), out_of(6, "Participant_8_assignsubmission_file"), out_of(7, "Ada")]
    done = filled(tmp_path, results, BLIND)
    assert grades(done, BLIND) == {"7": 5.0, "8": 6.0}
    assert why(done) == {"Ada": "no row fits"}


# --- teams ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("team", [{"student": "8", "name": "Team A", "team": "Team A"},
                                  {"student": "8", "name": "Team A"}, {"student": "8", "team": "Team A"},
                                  {"student": "Team A_8_assignsubmission_file"}, {"student": "team_a"}])
def test_a_team_fills_its_members_rows_and_not_that_of_its_number(tmp_path: Path,
                                                                  team: dict[str, Any]) -> None:
    done = filled(tmp_path, [out_of(5, **team)], TEAMS)
    assert grades(done, TEAMS) == {"7": 5.0, "9": 5.0}
    sheet = TEAMS.replace("Team A", "Team C")
    assert grades(filled(tmp_path, [out_of(5, **team)], sheet), sheet) == {}


def test_a_member_fills_their_own_row(tmp_path: Path) -> None:
    members = [out_of(5, "ada", name="Ada", team="Team A", source_id="8"),
               out_of(6, "ben", name="Ben", team="Team A", source_id="8"),
               out_of(7, "8", name="Cem", team="Team A", source_id="12")]
    done = filled(tmp_path, members, TEAMS)
    assert grades(done, TEAMS) == {"7": 5.0, "9": 7.0}
    assert why(done) == {"ben": "no row fits"}


def test_a_team_and_a_member_of_it_are_not_both_written(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5, "3", name="Team A", team="Team A"), out_of(9, "7", name="Ada")], TEAMS)
    assert grades(done, TEAMS) == {"9": 5.0}
    assert all("Team A (3) and Ada (7)" in reason for reason in why(done).values())


# --- what stays ----------------------------------------------------------------------------------------


def test_a_cell_without_a_new_mark_stays_and_says_why(tmp_path: Path) -> None:
    open_ = ENGLISH.replace(",No,", ",Yes,")
    blank: dict[str, Any] = {"checks": (), "score": None}
    results = [s.withheld("42"), s.result("43", status=Status.UNCLEAR, reason="two files", **blank),
               s.result("44", status=Status.MISSING, **blank), s.result("zoe")]
    done = filled(tmp_path, results, open_, replace=True)
    assert done.content.decode() == open_
    assert why(done) == {"42": "withheld", "43": "unclear (two files)", "44": "nothing handed in",
                         "zoe": "no row fits"}


def test_a_mark_that_is_there_is_kept_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    sheet = ENGLISH.replace(",No,", ",Yes,")
    results = [out_of(5, "43"), out_of(3, "42")]
    done = filled(tmp_path, results, sheet)
    assert grades(done, sheet) == {"42": 3.0}
    assert "--replace" in why(done)["43"]
    assert grades(filled(tmp_path, results, sheet, replace=True), sheet) == {"42": 3.0, "43": 5.0}
    assert why(filled(tmp_path, [out_of(3, "43")], sheet, replace=True)) == {"43": "the same already"}


def test_a_locked_row_is_kept_whatever_is_asked(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5, "43")], replace=True)
    assert (done.content.decode(), why(done)) == (ENGLISH, {"43": "locked in Moodle"})
    german = GERMAN.replace(";Ja;", ";Nein;").replace("kann geändert werden", "ist änderbar")
    assert why(filled(tmp_path, [out_of(5)], german)) == {"42": "locked in Moodle"}


def test_one_student_is_written_and_the_others_still_count(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5, "44"), out_of(6, "Cem"), out_of(7)], student="42")
    assert (grades(done), why(done)) == ({"42": 7.0}, {})
    done = filled(tmp_path, [out_of(5, "44"), out_of(6, "cem@example.org")], student="44")
    assert grades(done) == {}
    assert "cem@example.org" in why(done)["44"]


# --- points --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maximum", ["10.00", "50.00"])
def test_another_maximum_is_refused_or_scaled_and_said(tmp_path: Path, maximum: str) -> None:
    sheet = ENGLISH.replace("20.00", maximum)
    with pytest.raises(ExportError, match=r"he_init: 20 points.* maximum is .*--scale"):
        filled(tmp_path, [out_of(5)], sheet)
    done = filled(tmp_path, [out_of(5)], sheet, scale=True)
    assert grades(done, sheet) == {"42": 5 * float(maximum) / 20}
    assert any("20 points are the sheet's" in note for note in done.notes)


def test_a_mark_out_of_something_else_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(5), out_of(5, "44", most=18.0), out_of(21, "cem@example.org")])
    assert grades(done) == {"42": 5.0}
    done = filled(tmp_path, [out_of(5), out_of(5, "44", most=18.0)])
    assert why(done) == {"44": "out of 18, and the sheet's maximum is 20"}
    assert "not between" in why(filled(tmp_path, [out_of(21)]))["42"]


def test_several_exercises_are_added_up_out_of_all_of_them(tmp_path: Path) -> None:
    two = [out_of(5, "42", 10.0), structs.replace(out_of(6, "42", 10.0), exercise="other"),
           out_of(7, "44", 10.0)]
    done = filled(tmp_path, two)
    assert grades(done) == {"42": 11.0, "44": 7.0}
    assert any("he_init, other; --only" in note for note in done.notes)
    assert [change.why for change in done.changes] == ["", "nothing handed in for other"]
    with pytest.raises(ExportError, match="--only"):
        filled(tmp_path, two, ENGLISH.replace("20.00", "10.00"))


def test_an_unreadable_notebook_has_0(tmp_path: Path) -> None:
    assert grades(filled(tmp_path, [out_of(5), s.unreadable("44")])) == {"42": 5.0, "44": 0.0}


# --- the sheet itself ----------------------------------------------------------------------------------


def test_a_german_sheet_keeps_its_comma(tmp_path: Path) -> None:
    done = filled(tmp_path, [out_of(6.5)], GERMAN)
    text = done.content.decode()
    assert text.startswith(GERMAN[: GERMAN.index(";;20,00")] + ";6,5;20,00;Ja;;-;")
    english = ENGLISH.replace('"20.00"', '"20,00"').replace(",20.00,", ',"20,00",')
    assert ',"6,5","20,00"' in filled(tmp_path, [out_of(6.5)], english).content.decode()


def test_an_unknown_language_is_understood_by_the_look_of_its_columns(tmp_path: Path) -> None:
    sheet = ("Tunniste,Nimi,Tila,Arvosana,Paras,Muokattavissa,Muokattu\nOsallistuja "
             "42,Ada,ok,,20.00,Kyllä,-\nOsallistuja 43,Ben,ok,4,20.00,Ei,-\n")
    done = filled(tmp_path, [out_of(7), out_of(8, "43")], sheet, replace=True)
    assert done.content.decode() == sheet.replace("Ada,ok,,", "Ada,ok,7,")


TAKEN = ENGLISH.lstrip("\ufeff").replace('"-",""', '"-","schön"')


@pytest.mark.parametrize(("content", "encoding"), [
    (TAKEN.encode(), "utf-8"), (TAKEN.encode("utf-8-sig"), "utf-8"), (TAKEN.encode("cp1252"), "cp1252"),
    (codecs.BOM_UTF16_LE + TAKEN.encode("utf-16-le"), "utf-16-le"),
    (codecs.BOM_UTF16_BE + TAKEN.encode("utf-16-be"), "utf-16-be"),
    (TAKEN.encode("cp1252") + b"\x81\xfe,\r\n", "cp1252"), (TAKEN.replace("\r\n", "\n").encode(), "utf-8"),
    (TAKEN.encode() + b"\r\n", "utf-8"), (TAKEN.rstrip().encode(), "utf-8")])
def test_every_byte_around_the_grade_stays(tmp_path: Path, content: bytes, encoding: str) -> None:
    new = filled(tmp_path, [out_of(7)], content).content
    assert new == content.replace('grading",,'.encode(encoding), 'grading",7,'.encode(encoding), 1)
    assert new != content


def test_what_a_sheets_encoding_lacks_is_written_as_html(tmp_path: Path) -> None:
    sheet = ENGLISH.lstrip("\ufeff").replace("Ben", "Bén").encode("cp1252")
    text = filled(tmp_path, [s.result("42", title="10⁻⁵ × 2")], sheet).content.decode("cp1252")
    assert "<p>10&#8315;&#8309; × 2: 7 / 20 points</p>" in text


def test_what_php_writes_behind_a_backslash_is_read(tmp_path: Path) -> None:
    sheet = ENGLISH.replace('"Monday, 4 May 2026, 9:00 AM"', r'"print(""a\"b""), and more"')
    assert '"Submitted for grading",5,"20.00"' in filled(tmp_path, [out_of(5)], sheet).content.decode()


def test_a_comment_is_short_escaped_and_over_nobodys_own(tmp_path: Path) -> None:
    done = filled(tmp_path, [s.result("42", exercise="<script>")])
    comment = cells(done.content)[1][-1]
    assert comment.startswith("<p>&lt;script&gt;: 7 / 20 points</p><ol><li>Not yet (0 of 4 points): ")
    assert len(comment) < 1200
    assert "SECRET" not in comment
    assert "Punkte" in cells(filled(tmp_path, [s.result("42")], language="de").content)[1][-1]
    own = ENGLISH.replace('"-",""', '"-","my words"')
    assert cells(filled(tmp_path, [s.result("42")], own).content)[1][-1] == "my words"


@pytest.mark.parametrize("sheet", ["", "a,b\n1,2\n", 'Identifier,Grade,Maximum grade,x\n"open',
                                   "Id,Name,State,Result\nP 42,Ada,ok,\n", ENGLISH.split("\n")[0],
                                   "Identifier,Name,Grade,Maximum grade\nParticipant 1,A,,20,extra\n"])
def test_what_is_no_worksheet_is_refused(tmp_path: Path, sheet: str) -> None:
    with pytest.raises(ExportError):
        filled(tmp_path, [s.result("42")], sheet)


def test_a_scale_is_refused(tmp_path: Path) -> None:
    for heading, values in (("Scale", '"Poor,Fair,Good"'), ("Skala", "1")):
        sheet = ENGLISH.replace('"Maximum grade"', heading).replace('"20.00"', "20.00")
        sheet = sheet.replace("20.00", values)
        with pytest.raises(ExportError, match="a scale"):
            filled(tmp_path, [s.result("42")], sheet)


# --- any class -----------------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
NAMES |= st.sampled_from(["Anna Schmidt", "Müller", unicodedata.normalize("NFD", "Müller"), "O'Neil", "7",
                          "=1+1", "Schmidt, Anna", "Team A", "Participant 7"])


@given(people=st.dictionaries(st.integers(1, 40).map(str), NAMES, min_size=2, max_size=12),
       order=st.randoms(use_true_random=False),
       strangers=st.lists(st.tuples(st.integers(1, 60).map(str), NAMES), max_size=6))
def test_each_mark_is_at_its_person_or_nowhere_with_a_reason(
        tmp_path_factory: pytest.TempPathFactory, people: dict[str, str], order: random.Random,
        strangers: list[tuple[str, str]]) -> None:
    """Everybody hands in by number; then strangers with any number, name or none; each has other points."""
    tmp_path = tmp_path_factory.mktemp("class", numbered=True)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["Identifier", "Full name", "Status", "Grade", "Maximum grade", "Last modified (grade)"])
    rows.writerows([f"Participant {number}", name, "ok", "", "100.00", "-"]
                   for number, name in people.items())
    results = [out_of(at, number, 100.0, name=name) for at, (number, name) in enumerate(people.items())]
    results += [out_of(50 + at, number if at % 2 else f"s{at}", 100.0, name=name)
                for at, (number, name) in enumerate(strangers) if number not in people or not at % 2]
    order.shuffle(results)
    done = filled(tmp_path, results, text.getvalue())
    found = grades(done, text.getvalue())
    points = {number: float(at) for at, number in enumerate(people)}
    reasons = {change.student: change.why for change in done.changes if not change.new}
    for number, expected in points.items():
        assert found[number] == expected if number in found else reasons[number]
    for result in results:
        if result.student not in people:
            assert result.score not in found.values()
            assert reasons[result.student]


@given(teams=st.dictionaries(st.integers(1, 20).map(str), min_size=1, max_size=4,
                             values=st.sampled_from(["Team A", "Team B", "Ada", "7", "x_y"])),
       rows=st.dictionaries(st.integers(1, 20).map(str), st.tuples(
           st.sampled_from(["Ada", "Ben", "Cem", "Team A", "x y"]),
           st.sampled_from(["Team A", "Team B", "Ada", "7", "X Y", ""])), min_size=2, max_size=10),
       said=st.booleans())
def test_a_teams_mark_is_its_members_and_nobody_elses(
        tmp_path_factory: pytest.TempPathFactory, teams: dict[str, str], rows: dict[str, tuple[str, str]],
        said: bool) -> None:
    """Teams, whose ids and names participants have too, perhaps told as teams."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(["Identifier", "Full name", "Status", "Group", "Grade", "Maximum grade",
                    "Last modified (grade)"])
    sheet.writerows([f"Participant {number}", *who[:1], "ok", who[1], "", "100.00", "-"]
                    for number, who in rows.items())
    results = [out_of(at + 1, number, 100.0, name=name, team=name if said else "")
               for at, (number, name) in enumerate(teams.items())]
    done = filled(tmp_path_factory.mktemp("teams", numbered=True), results, text.getvalue())
    by_points = {result.score: result for result in results}
    for number, points in grades(done, text.getvalue()).items():
        team, (name, group) = by_points[points], rows[number]
        as_person = not said and folded_name(team.name) == folded_name(name)
        assert folded_name(team.name) == folded_name(group) or as_person
    assert {change.student for change in done.changes} == set(teams)
