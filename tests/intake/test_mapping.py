"""The mapping: given back unchanged it changes nothing; changed, it decides; in doubt nothing is graded."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import mapping, tables
from grader.intake.handed import IntakeError
from grader.intake.sources import Asked, Intake, taken_in
from grader.records import Person, Submission, Unclear, Unreadable
from tests.intake.handing import PLAIN, Download, saying, taken
from tests.notebooks import notebook

Rows = list[dict[str, str]]


def saved(intake: Intake, path: Path, separator: str = ",") -> Path:
    path.unlink(missing_ok=True)
    mapping.save(intake.rows, path, separator=separator)
    return path


def edited(path: Path, change: Callable[[Rows], object], *, separator: str = ",",
           encoding: str = "utf-8-sig") -> Path:
    """The mapping as a tutor's spreadsheet saves it."""
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    change(rows)
    text = io.StringIO()
    sheet = csv.DictWriter(text, mapping.HEADS, delimiter=separator)
    sheet.writeheader()
    sheet.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def decided(intake: Intake) -> list[tuple[str, ...]]:
    return [(row.file, row.person, row.exercise, row.use) for row in intake.rows]


def class_(root: Path) -> Download:
    return Download(root, ignored=(("loose.ipynb", "its name says no person"),)).hands_in(
        "ada", "he_init.ipynb").hands_in("ada", "he_init-Copy1.ipynb", notebook("x = 1")).hands_in(
        "bo", "he_init.ipynb").hands_in("bo", "sub/he_init.ipynb", notebook("x = 2")).hands_in(
        "bo", "helper.py", "x = 1").hands_in("bo", "random.py", "").hands_in(
        "cy", "report.pdf", "%PDF").hands_in("=dee,;\"'", "he_init.ipynb", "damaged").hands_in(
        "'eve", "he_init.ipynb")


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), (";", "cp1252"),
                                                     ("\t", "utf-16")])
def test_unchanged_it_changes_nothing(separator: str, encoding: str, tmp_path: Path) -> None:
    download = class_(tmp_path / "in")
    before = taken(download)
    path = edited(saved(before, tmp_path / "m.csv"), lambda rows: None, separator=separator,
                  encoding=encoding)
    after = taken(download, mapping=path)
    assert (after.submissions, after.people) == (before.submissions, before.people)
    assert decided(after) == decided(before)
    assert {row.use for row in before.rows} == set(mapping.USES)


FILES = st.tuples(
    st.sampled_from(["ada", "bo", "=1+1", "O'Brien, Conor", "李 雷", "007", "'x", "Jörg; \"J\""]),
    st.sampled_from(["he_init.ipynb", "init.ipynb", "he_init_old.ipynb", "Untitled.ipynb",
                     "sub/he_init.ipynb", "sub/helper.py", "helper.py", "random.py", "report.pdf", "init.py",
                     "he_init.ipynb.txt"]),
    st.sampled_from([PLAIN, notebook("x = 1"), saying("init"), "damaged"]),
    st.sampled_from([{}, {"attempt": 1}, {"attempt": 2}, {"online": True}, {"exercise": "init"},
                     {"handed_in_at": "2026-11-20T18:00:00+01:00"}]))


@given(files=st.lists(FILES, min_size=1, max_size=12), default=st.sampled_from([None, "init"]),
       only=st.sampled_from([(), ("init",)]), separator=st.sampled_from([",", ";"]))
def test_whatever_was_handed_in_the_mapping_says_what_was_decided(
        files: list[tuple[str, str, str, dict[str, object]]], default: str | None, only: tuple[str, ...],
        separator: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("in")
    download = Download(root)
    for person, name, text, said in files:
        download.hands_in(person, name, text, **said)
    before = taken(download, default=default, only=only)
    after = taken(download, default=default, only=only, mapping=saved(before, root / "m.csv", separator))
    assert after.submissions == before.submissions
    assert (after.people, decided(after)) == (before.people, decided(before))
    assert len({(one.student, one.exercise) for one in before.submissions}) == len(before.submissions)
    assert {row.file for row in before.rows} == {each.file.relative for each in download.handed}


def test_a_teams_lines_are_one_for_each_member(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,name,group\n1,Anna,A\n2,Ben,A\n3,Cy,\n")
    team = Person(id="88", name="A")
    download = Download(tmp_path / "in").hands_in(team, "he_init.ipynb", team="A").hands_in(
        team, "helper.py", "", team="A")
    before = taken(download, roster=(tmp_path / "r.csv",))
    path = saved(before, tmp_path / "m.csv")
    assert taken(download, roster=(tmp_path / "r.csv",), mapping=path).submissions == before.submissions

    def only_anna(rows: Rows) -> None:
        rows[:] = [row for row in rows if row["person"] == "1"]

    after = taken(download, roster=(tmp_path / "r.csv",), mapping=edited(path, only_anna))
    assert [one.student for one in after.submissions] == ["1"]


def change(path: Path, ends: str, /, **cells: str) -> Path:
    def changed(rows: Rows) -> None:
        found = [row for row in rows if row["file"].endswith(ends)]
        assert len(found) == 1
        found[0].update(cells)
    return edited(path, changed)


def test_a_tutors_word_wins_over_everything_read(tmp_path: Path) -> None:
    download = class_(tmp_path / "in")
    path = saved(taken(download), tmp_path / "m.csv")
    change(path, "1/he_init-Copy1.ipynb", use="graded")
    change(path, "2/he_init.ipynb", use="left out")
    change(path, "3/sub/he_init.ipynb", use="Graded ", exercise="init")
    change(path, "5/random.py", use="ignored", person="")
    change(path, "6/report.pdf", person="fay", name="Fay", exercise="init", use="unreadable")
    change(path, "8/he_init.ipynb", person="ada", exercise="init")
    found = {(one.student, one.exercise): one for one in taken(download, mapping=path).submissions}
    assert {key: type(one) for key, one in found.items()} == {
        ("ada", "he_init"): Submission, ("ada", "init"): Submission, ("bo", "init"): Submission,
        ("fay", "init"): Unreadable, ("=dee,;\"'", "he_init"): Unreadable}
    ada = found["ada", "he_init"]
    assert isinstance(ada, Submission)
    assert ada.path.endswith("Copy1.ipynb")
    assert found["fay", "init"].name == "Fay"
    assert [note for note in taken(download, mapping=path).notes if "is new" in note] == [
        f"{path}: 'fay' is new, nobody else is called so"]
    people = {person.id for person in taken(download, mapping=path).people}
    assert people == {"ada", "bo", "fay", "=dee,;\"'"}, "nothing is cy's or 'eve's any more"


def test_of_the_files_beside_a_notebook_go_those_that_the_tutor_lets(tmp_path: Path) -> None:
    download = class_(tmp_path / "in")
    path = change(saved(taken(download), tmp_path / "m.csv"), "4/helper.py", use="left out")
    bo = next(one for one in taken(download, mapping=path).submissions if one.student == "bo")
    assert isinstance(bo, Submission)
    assert not bo.files
    assert bo.notes, "random.py is still said to be left out"


def test_what_nobody_could_place_is_placed(tmp_path: Path) -> None:
    download = Download(tmp_path / "in").hands_in("ada", "work.ipynb").hands_in("nobody", "init.ipynb")
    (loose,) = (each.file for each in download.handed[1:])
    download.handed.pop()
    download.hands_in("bo", "he_init.ipynb")
    source = download.source()
    source = replace(source, tree=replace(source.tree, files=(*source.tree.files, loose)))
    before = taken_in([source], Asked(exercises=("he_init", "init")))
    assert {row.use for row in before.rows} == {"graded", "ignored"}
    path = change(saved(before, tmp_path / "m.csv"), "nobody/1/init.ipynb", person="007", exercise="init",
                  use="graded")
    found = taken_in([source], Asked(exercises=("he_init", "init"), mapping=path)).submissions
    assert {(one.student, one.exercise) for one in found} == {
        ("ada", "he_init"), ("bo", "he_init"), ("007", "init")}


def test_a_file_that_came_later_is_read_as_ever(tmp_path: Path) -> None:
    download = Download(tmp_path / "in").hands_in("ada", "he_init.ipynb")
    path = saved(taken(download), tmp_path / "m.csv")
    download.hands_in("ada", "he_init-Copy1.ipynb", notebook("x = 1")).hands_in("bo", "he_init.ipynb")
    found = taken(download, mapping=path).submissions
    assert [(one.student, type(one)) for one in found] == [("ada", Submission), ("bo", Submission)]
    assert isinstance(taken(download).submissions[0], Unclear), "without the mapping"


def test_a_line_that_names_two_people_is_told_of_and_the_id_decides(tmp_path: Path) -> None:
    download = Download(tmp_path / "in").hands_in(Person(id="1", name="Tim Spät"), "he_init.ipynb").hands_in(
        Person(id="2", name="Çağla Öztürk"), "he_init.ipynb")
    path = change(saved(taken(download), tmp_path / "m.csv"), "2/1/he_init.ipynb", person="1",
                  exercise="init")
    found = taken(download, mapping=path)
    assert {(one.student, one.exercise) for one in found.submissions} == {("1", "he_init"), ("1", "init")}
    assert [note for note in found.notes if "the id decides" in note] == [
        f"{path}, line 3: 1 is Tim Spät, and the name says Çağla Öztürk: the id decides"]


def test_zeros_that_a_spreadsheet_takes_away_make_no_other_person(tmp_path: Path) -> None:
    download = Download(tmp_path / "in").hands_in("007", "he_init.ipynb")
    path = change(saved(taken(download), tmp_path / "m.csv"), "he_init.ipynb", person="7")
    assert [one.student for one in taken(download, mapping=path).submissions] == ["007"]


@pytest.mark.parametrize(("file", "cells", "says"), [
    ("1/he_init-Copy1.ipynb", {"file": "gone.ipynb"}, r"line \d+: there is no file 'gone.ipynb'"),
    ("2/he_init.ipynb", {"person": " "}, "person is empty"),
    ("2/he_init.ipynb", {"exercise": "he_int"}, "no exercise 'he_int'; there are he_init, init"),
    ("3/sub/he_init.ipynb", {"use": "graded"}, "both to be graded for 'bo' in he_init"),
    ("2/he_init.ipynb", {"use": "yes"}, "use is 'yes'; it is one of graded"),
    ("2/he_init.ipynb", {"person": "1,23E+11"}, "a spreadsheet has shortened"),
    ("loose.ipynb", {"person": "ada", "use": "graded"}, "loose.ipynb cannot be read"),
])
def test_what_cannot_be_followed_is_one_line_and_nothing_is_graded(
        file: str, cells: dict[str, str], says: str, tmp_path: Path) -> None:
    download = class_(tmp_path / "in")
    path = change(saved(taken(download), tmp_path / "m.csv"), file, **cells)
    with pytest.raises(IntakeError, match=says) as raised:
        taken(download, mapping=path)
    assert str(raised.value).count("\n") == 0


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    download = class_(tmp_path / "in")
    path = saved(taken(download), tmp_path / "m.csv")
    change(path, "0/he_init.ipynb", exercise="x")
    change(path, "2/he_init.ipynb", person="")
    with pytest.raises(IntakeError) as raised:
        taken(download, mapping=path)
    assert len(str(raised.value).split("\n")) == 2


def test_what_is_no_mapping_is_said(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("file,name\na,b\n")
    with pytest.raises(IntakeError, match="no column 'person', 'exercise', 'use'"):
        taken(class_(tmp_path / "in"), mapping=path)


def test_an_edited_mapping_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("mine")
    with pytest.raises(IntakeError, match="there already"):
        mapping.save([], path, separator=",")
    assert path.read_text() == "mine"


def test_a_line_for_excel_says_the_separator(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sep=;\r\na,b;c,d,e\r\n1;2\r\n")
    table = tables.read(tmp_path / "t.csv")
    assert (table.heads, table.rows[0][1]) == (("a,b", "c,d,e"), ("1", "2"))


@given(rows=st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
                               st.text(alphabet="=+-@'\t\r\n,;\" ax")), min_size=1),
       separator=st.sampled_from([",", ";", "\t"]))
def test_no_cell_is_a_formula_and_each_comes_back(rows: list[tuple[str, str]], separator: str,
                                                  tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(tables.written(("one", "two"), rows, separator=separator))
    raw = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=separator)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in raw for cell in row)
    assert [cells for _, cells in tables.read(path, ours=True).rows] == [
        row for row in rows if any(tables.escaped(cell).strip() for cell in row)]


def test_when_something_was_handed_in_is_what_the_mapping_says(tmp_path: Path) -> None:
    """No download of Moodle's or Canvas's tells it."""
    download = class_(tmp_path / "in")
    path = saved(taken(download), tmp_path / "m.csv")

    def late(rows: Rows) -> None:
        for row, at in zip((row for row in rows if row["person"] in ("bo", "cy") and row["use"] == "graded"),
                           ("2026-11-22T01:59:00+01:00",), strict=False):
            row["handed_in_at"] = at
    again = taken(download, mapping=edited(path, late))
    assert [one.handed_in_at for one in again.submissions if one.student == "bo"] == [
        "2026-11-22T01:59:00+01:00"]

    def odd(rows: Rows) -> None:
        of_bo = next(row for row in rows if row["person"] == "bo" and row["use"] == "graded")
        of_bo["handed_in_at"] = "22.11."
    again = taken(download, mapping=edited(path, odd))
    assert [one.handed_in_at for one in again.submissions if one.student == "bo"] == [""]
    assert any("handed_in_at is '22.11.'" in note for note in again.notes)
