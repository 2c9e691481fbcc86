"""Reports back: each person gets their own file or none, by the importers' rules, and it stands alone."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader.export import feedback
from grader.export.out import ExportError
from grader.records import NotebookFile, Result, Status
from grader.report.student import render
from tests import samples as s
from tests.export import importers
from tests.export.test_canvas import GRADEBOOK
from tests.export.test_moodle import BLIND, ENGLISH, NAMES, TEAMS
from tests.report.test_student import hostile


def of(student: str, path: str, **said: Any) -> Result:
    """A result whose report bears its token."""
    return s.result(student, notebook=NotebookFile(path=path, sha256=""), comment=f"token-{student}-", **said)


def packed(results: list[Result], audience: str = "moodle", sheet: Path | None = None,
           everybody: list[Result] | None = None) -> feedback.Packed:
    return feedback.pack(results, {}, audience=audience, sheet=sheet, everybody=everybody or results,
                         language="en")


def sheet(tmp_path: Path, text: str) -> Path:
    (tmp_path / "sheet.csv").write_bytes(text.encode())
    return tmp_path / "sheet.csv"


def tokens(found: dict[Any, bytes]) -> dict[Any, str]:
    return {key: content.decode().partition("token-")[2].partition("-<")[0] for key, content in found.items()}


def names(done: feedback.Packed) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(done.content)).namelist())


def moodle(done: feedback.Packed, numbers: str = "7 8 9 42 43 44 99") -> dict[str, str]:
    return tokens(importers.moodle_feedback(done.content, numbers.split()))


def canvas(done: feedback.Packed) -> dict[tuple[str, str], str]:
    return tokens(importers.canvas_feedback(done.content))


# --- moodle --------------------------------------------------------------------------------------------


def worksheet(folder: Path, people: dict[str, str]) -> Path:
    """Of these people: number -> name."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("Identifier", "Full name", "Status", "Grade", "Maximum grade", "Last modified (grade)"))
    rows.writerows((f"Participant {number}", name, "Submitted", "", "20.00", "-")
                   for number, name in people.items())
    return sheet(folder, text.getvalue())


def test_without_a_worksheet_moodles_own_paths_say_whose_a_report_is_and_a_team_has_none() -> None:
    done = packed([of("42", "Ada Love_42_assignsubmission_file/x.ipynb", name="Ada Love"),
                   of("43", "Participant_43_assignsubmission_file_/x.ipynb"),
                   of("45", "Grouper Tom_45_assignsubmission_file/x.ipynb", name="Grouper Tom"),
                   of("7", "seven/x.ipynb"), of("8", "T_8_assignsubmission_file/x.ipynb", team="T"),
                   of("9", "Team A_9_assignsubmission_file/x.ipynb", name="Team A"),
                   of("10", "Gruppe 7_10_assignsubmission_file/x.ipynb", name="Gruppe 7"),
                   of("11", "Pinguine_11_assignsubmission_file/x.ipynb", name="Pinguine")])
    assert moodle(done, "42 43 45 7 8 9 10 11") == {"42": "42", "43": "43", "45": "45"}
    assert {person.split()[-1].strip("()") for person, why in done.left if "--worksheet" in why} == {
        "7", "8", "9", "10", "11"}
    assert names(done) >= {"Ada Love_42_assignfeedback_file/feedback.html",
                           "Participant_43_assignfeedback_file/feedback.html"}
    with pytest.raises(ExportError, match="nobody's report"):
        packed([of("42", "Team A_42_assignsubmission_file/x.ipynb", name="Team A")])


def test_the_folders_are_those_that_moodle_gives_people(tmp_path: Path) -> None:
    done = packed([of("42", "Ada Love_42_assignsubmission_file/x.ipynb", name="Ada Love"),
                   of("Cem_44_assignsubmission_file", "Cem_44_assignsubmission_file/x.ipynb")],
                  sheet=worksheet(tmp_path, {"42": "Ada_Lo've", "44": "Cem"}))
    assert moodle(done) == {"42": "42", "44": "Cem_44_assignsubmission_file"}
    assert names(done) == {"Ada Love_42_assignfeedback_file/feedback.html",
                           "Cem_44_assignfeedback_file/feedback.html"}


def test_a_worksheet_places_people_teams_and_the_blind(tmp_path: Path) -> None:
    results = [of("ada", "ada/x.ipynb", name="Ada"), of("5", "B/x.ipynb", name="Team B", team="Team B"),
               of("x", "x/x.ipynb")]
    done = packed(results, sheet=sheet(tmp_path, TEAMS))
    assert moodle(done) == {"7": "ada", "8": "5"}
    assert done.left == (("x", "no row fits"),)
    team = packed([of("8", "A_8_assignsubmission_file/x.ipynb", name="Team A")], sheet=sheet(tmp_path, TEAMS))
    assert moodle(team) == {"7": "8", "9": "8"}
    blind = packed([of("8", "x/x.ipynb")], sheet=sheet(tmp_path, BLIND))
    assert names(blind) == {"Participant_8_assignfeedback_file/feedback.html"}


def test_whoever_has_no_mark_or_shares_a_row_gets_no_report(tmp_path: Path) -> None:
    none = [s.withheld("42"), of("44", "x", checks=(), score=None, status=Status.UNCLEAR),
            of("ada@example.org", "x"), of("43", "x")]
    done = packed(none, sheet=sheet(tmp_path, ENGLISH))
    assert moodle(done) == {"43": "43"}
    assert {person for person, _ in done.left} == {"42", "44", "ada@example.org"}
    assert moodle(packed([s.unreadable("44"), *none], sheet=sheet(tmp_path, ENGLISH))) == {"43": "43"}
    with pytest.raises(ExportError, match="withheld"):
        packed(none[:1], sheet=sheet(tmp_path, ENGLISH))


def test_two_reports_for_one_place_are_both_left(tmp_path: Path) -> None:
    path = "Ada_42_assignsubmission_file/x.ipynb"
    done = packed([of("42", path, name="Ada Lovelace"), of("Ada_42_assignsubmission_file", path),
                   of("43", "Ben_43_assignsubmission_file/x.ipynb")],
                  sheet=worksheet(tmp_path, {"42": "", "43": "Ben"}))
    assert moodle(done) == {"43": "43"}
    assert {person for person, why in done.left if "fit the same row" in why} == {
        "Ada Lovelace (42)", "Ada (Ada_42_assignsubmission_file)"}


def test_several_exercises_are_several_files(tmp_path: Path) -> None:
    path = "Ada_42_assignsubmission_file/x.ipynb"
    done = packed([of("42", path, exercise="one"), of("42", path, exercise="two")],
                  sheet=worksheet(tmp_path, {"42": "Ada"}))
    for name in ("one.html", "two.html"):
        assert set(importers.moodle_feedback(done.content, ["42"], name)) == {"42"}


def test_the_same_class_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    results = [of(str(at), f"A B_{at}_assignsubmission_file/x.ipynb", name="Jörg") for at in range(12)]
    listed = worksheet(tmp_path, {str(at): "Jörg" for at in range(12)})
    first = packed(results, sheet=listed)
    assert packed(results[::-1], sheet=listed).content == first.content
    assert first.reports == 12


# --- canvas --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("student", "path", "key"), [
    ("501", "mullerjorg_501_90001_he_init.ipynb", ("501", "90001")),
    ("501", "sub/mullerjorg_LATE_501_90001_work.zip/a_1_2_b/he_init.ipynb", ("501", "90001")),
    ("501", "hw_2026_1_all/mullerjorg_501_90001_x-1.ipynb", ("501", "90001")),
    ("501", "a_5_b_501_90001_x.ipynb", ("501", "90001")),
    ("501", "test_2_501_90001_x.ipynb", ("501", "90001")),
    ("mullerjorg_501_90001", "mullerjorg_501_90001_he_init.ipynb", ("501", "90001")),
    ("anon_ab1", "anon_ab1_90003_x.ipynb", ("ab1", "90003")),
    ("ab1", "LATE_anon_ab1_90003_x.ipynb", ("ab1", "90003")),
    ("502", "mullerjorg_501_90001_he_init.ipynb", None), ("501", "jorg/he_init.ipynb", None)])
def test_canvas_gets_a_report_for_the_entry_it_came_as(student: str, path: str,
                                                       key: tuple[str, str] | None) -> None:
    if key is None:
        with pytest.raises(ExportError, match="entry of their own"):
            packed([of(student, path)], "canvas")
    else:
        assert canvas(packed([of(student, path)], "canvas")) == {key: student}


def test_a_gradebook_knows_who_is_who(tmp_path: Path) -> None:
    results = [of("42", "lovelaceada_42_1_x.ipynb", name="Ada Lovelace"),
               of("501", "boolegeorge_501_2_x.ipynb", name="boolegeorge"),
               of("s3", "boolegeorge_43_3_x.ipynb"), of("s4", "curiemarie_44_4_x.ipynb")]
    done = packed(results, "canvas", sheet(tmp_path, GRADEBOOK))
    assert canvas(done) == {("42", "1"): "42", ("43", "3"): "s3"}
    assert {person for person, _ in done.left} == {"boolegeorge (501)", "s4"}


def test_a_members_report_goes_with_their_own_entry_only() -> None:
    path = "mullerjorg_501_90001_he_init.ipynb"
    members = [of(student, path, team="T", source_id="501", name=f"N {student}")
               for student in ("501", "502")]
    done = packed(members, "canvas")
    assert canvas(done) == {("501", "90001"): "501"}
    assert [person for person, _ in done.left] == ["N 502 (502)"]


# --- a report stands alone -----------------------------------------------------------------------------


def test_reports_as_they_are_written_stand_alone() -> None:
    for result in (hostile(), s.result(), s.unreadable(), s.passed_all()):
        assert feedback.outside(render(result, s.NOTEBOOK)) == ""


@pytest.mark.parametrize("body", [
    '<img src="x.png">', '<a href="he_init-executed.html">x</a>', '<a href="#nowhere">x</a>',
    '<link rel="stylesheet" href="x.css">', "<script>1</script>", '<p style="background: url(x)">',
    "<style>@import 'x'</style>", '<meta http-equiv="Refresh" content="0; url=x">', '<use href="a.svg#b"/>',
    '<form action="x">', '<a href="javascript:x">x</a>', '<img srcset="a.png 2x">', '<iframe></iframe>'])
def test_a_report_that_needs_something_is_seen(body: str) -> None:
    assert feedback.outside(f"<html>{body}</html>")
    assert not feedback.outside('<a href="#a" id="a">x</a><img src="data:,"><a href="https://arxiv.org">x</a>')


# --- any class -----------------------------------------------------------------------------------------


@given(people=st.dictionaries(st.integers(1, 30).map(str), NAMES, min_size=1, max_size=8),
       order=st.randoms(use_true_random=False), audience=st.sampled_from(["moodle", "canvas"]))
def test_everybody_gets_their_own_report_or_is_named(
        tmp_path_factory: pytest.TempPathFactory, people: dict[str, str], order: random.Random,
        audience: str) -> None:
    results = []
    for number, name in people.items():
        plain = "".join(c for c in name if c.isalnum())
        path = {"moodle": f"{name.replace('_', ' ')}_{number}_assignsubmission_file/x.ipynb",
                "canvas": f"{plain}_{number}_{order.randrange(100)}_x.ipynb"}[audience]
        results.append(of(number, path, name=name))
    withheld = structs.replace(s.withheld("77"), notebook=NotebookFile(path="a_77_assignsubmission_file/x",
                                                                       sha256=""))
    order.shuffle(results)
    listed = worksheet(tmp_path_factory.mktemp("class"), people) if audience == "moodle" else None
    done = packed([*results, withheld], audience, listed)
    found = moodle(done, " ".join([*people, "77"])) if audience == "moodle" else {
        user: token for (user, _), token in canvas(done).items()}
    assert found == {number: number for number in people}
    assert [person for person, _ in done.left] == ["77"]
