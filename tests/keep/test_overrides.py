"""The commands at the tutor's desk, on a folder that a batch has written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from grader import records
from grader.cli import main
from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from grader.keep.publish import publish
from tests.keep.test_desk import UNREADABLE, WITHHELD
from tests.keep.test_gradebook import handed_in


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Ada's submission was marked, hers and nobody's else; Cy's cannot be read, Di's mark is withheld."""
    folder = tmp_path / "out"
    folder.mkdir()
    with Gradebook(Output(folder).gradebook) as book:
        book.record(handed_in("a", name="Ada L."))
        for student, result in ("cy", UNREADABLE), ("di", WITHHELD):
            book.record(structs.replace(handed_in("a"), result=structs.replace(result, student=student)))
        publish(book, Output(folder), every_page=True)
    return folder


def again(out: Path, sha256: str) -> None:
    """Ada hands in once more."""
    with Gradebook(Output(out).gradebook) as book:
        book.record(handed_in(sha256, name="Ada L."))
        publish(book, Output(out), touched={("ada", "x")})


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert done.output.count("\n") == 1, done.output
    return done.output


def row(out: Path, student: str = "ada") -> dict[str, Any]:
    lines = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    found: dict[str, Any] = next(one for one in lines if one["student"] == student)
    return found


def test_an_override_is_kept_for_a_new_submission_or_dropped(out: Path) -> None:
    told("override", out, "ada", "x", "b", "--points", "3", "--comment", "Right up to the gain.")
    again(out, "b")
    assert (row(out)["score"], row(out).get("comment")) == (1.0, None)
    assert [(need["kind"], 'b: 3 points, "Right up to the gain."' in need["reason"])
            for need in row(out)["needs_you"]] == [("stale-override", True)]
    assert "`--keep`" not in (page := (out / "index.html").read_text())
    assert "<code>--keep</code>" in page, "the class page says what to do"
    assert "4 / 5 (before: 1 / 5)" in told("override", out, "ada", "x", "--keep")
    assert "needs_you" not in row(out)
    again(out, "c")
    told("override", out, "ada", "x", "b", "--drop")
    assert (row(out)["score"], row(out).get("needs_you")) == (1.0, None)
    assert "to keep" in refused("override", out, "ada", "x", "--keep")
    assert "there is no override of b" in refused("override", out, "ada", "x", "b", "--drop")


@pytest.mark.parametrize(("words", "says"), [
    (("b", "--drop", "--points", "2"), "--keep and --drop stand alone"),
    (("b", "--drop", "--comment", "x"), "--keep and --drop stand alone"),
    (("--drop", "--keep"), "--keep and --drop stand alone"),
    (("--keep", "--bonus", "1"), "--keep and --drop stand alone"),
    (("b", "--bonus", "1"), "--bonus is for the submission as a whole"),
    ((), "say --points, --bonus, --comment, --keep or --drop"),
    (("--points", "6"), "x as a whole has 5 points"), (("--points", "nan"), "not between 0"),
    (("--bonus=-1",), "a bonus of -1 points"), (("--bonus", "inf"), "a bonus of inf"),
    (("nothing", "--points", "1"), "no check 'nothing'; there are a, b"),
    (("--drop",), "no override of the submission as a whole"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_what_cannot_be_meant_changes_nothing(out: Path, words: tuple[str, ...], says: str) -> None:
    told("override", out, "ada", "x", "b", "--points", "2")
    before = (out / "results.jsonl").read_bytes()
    assert says in refused("override", out, "ada", "x", *words)
    assert (out / "results.jsonl").read_bytes() == before


@pytest.mark.parametrize("student", ["cy", "di"])
def test_a_submission_without_a_mark_gets_one_and_all_say_who_gave_it(out: Path, student: str) -> None:
    told("override", out, student, "x", "--points", "2,5", "--bonus", "1", "--comment", "By mail.",
         "--by", "kim")
    found = row(out, student)
    assert (found["status"], found["score"], found["bonus"], found["by"], found["comment"]) == (
        "graded", 3.5, 1.0, "kim", "By mail.")
    with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        cells = {line["student"]: line for line in csv.DictReader(file)}
    assert (cells[student]["x score"], cells[student]["set by the tutor"]) == ("3.5", "x: bonus 1")
    for page in (out / student / "x.html").read_text(), (out / student / "x.md").read_text():
        assert "Your tutor marked this submission as a whole." in page
        assert "1 of the points are your tutor" in page
        assert "By mail." in page


def test_reports_say_which_check_the_tutor_set_in_german_too(out: Path) -> None:
    told("override", out, "ada", "x", "b", "--points", "3")
    told("override", out, "ada", "x", "a", "--points", "0.5", "--comment", "Nearly.")
    for form in "html", "md":
        page = (out / "ada" / f"x.{form}").read_text()
        assert "Set by the tutor." in page
        assert "Set by the tutor: Nearly." in page
    assert [check["by"] for check in row(out)["checks"]] == ["tutor", "tutor"]
    with Gradebook(Output(out).gradebook) as book:
        book.set_batch_value("language", "de")
    told("report", out)
    assert "Von deiner Tutorin oder deinem Tutor gesetzt: Nearly." in (out / "ada" / "x.html").read_text()
    for form, says in ("gradescope", "gesetzt: Nearly."), ("junit", "Set by the tutor: Nearly."):
        assert says in told("export", out, "--format", form, "--student", "ada")


def test_overrides_go_out_as_a_table_and_come_back(out: Path, tmp_path: Path) -> None:
    assert "no overrides" in told("overrides", out)
    told("override", out, "ada", "x", "b", "--points", "3", "--comment", "=1+1")
    told("override", out, "cy", "x", "--points", "2")
    again(out, "b")
    listed = told("overrides", out)
    assert all(word in listed for word in ("Ada L.", "stale", "counts", "tutor"))
    table = tmp_path / "overrides.csv"
    told("overrides", out, "--csv", table, "--separator", ";")
    assert "no mark is changed" in told("overrides", out, "--from", table)
    table.write_text(table.read_text(encoding="utf-8-sig").replace(";2;", ";1,5;"))
    assert "cy x: 2 -> 1.5" in told("overrides", out, "--from", table, "--by", "kim")
    assert row(out, "cy")["by"] == "kim"
    table.write_text("student,exercise,check,points,bonus,comment\nada,x,b,2,,\nada,x,,,1,Fine.\ncy,x,,,,\n")
    assert told("overrides", out, "--from", table) == "ada x: 1 -> 4\ncy x: 1.5 -> 0\n"
    assert "stale" not in told("overrides", out)


@pytest.mark.parametrize(("line", "says"), [
    ("ada,x,b,9,,", "b has 3 points; 9 is not between 0 and that"), ("ada,x,c,1,,", "no check 'c'"),
    ("bo,x,b,1,,", "bo x: nothing was handed in that counts"), ("ada,x,b,much,,", "'much' is no number"),
    ("ada,x,b,1,1,", "a bonus is for the submission as a whole"),
    ("ada,x,b,1,,no such", "there is no submission no such"),
], ids=range(6))
def test_a_table_with_one_bad_line_changes_nothing(out: Path, tmp_path: Path, line: str, says: str) -> None:
    table = tmp_path / "overrides.csv"
    heads = "student,exercise,check,points,bonus,submission,comment"
    table.write_text(f"{heads}\nada,x,a,2,,,Good.\n{line},\n{line},\n")
    assert refused("overrides", out, "--from", table).startswith(f"grader: {table}, line 3: ")
    assert says in refused("overrides", out, "--from", table)
    assert row(out)["score"] == 1.0
    table.write_text("student,check\nada,b\n")
    assert "no column 'exercise'" in refused("overrides", out, "--from", table)


def test_history_tells_what_happened_and_undo_takes_it_back(out: Path) -> None:
    told("override", out, "ada", "x", "b", "--points", "2", "--by", "kim")
    told("override", out, "ada", "x", "b", "--points", "3", "--comment", "Well.", "--by", "sam")
    again(out, "b")
    says = told("history", out, "Ada L.")
    for words in ("grader x: graded: 1 / 5, attempt 1\n", "kim x: override b: 2 points\n",
                  'sam x: override b: 3 points, "Well.", before: b: 2 points', "graded: 1 / 5, attempt 2"):
        assert words in says
    assert told("undo", out).splitlines()[1:] == ["ada x: 1 / 5 stays"]      # it was on an earlier submission
    assert "changed since" not in told("undo", out)
    told("override", out, "ada", "x", "b", "--points", "2")
    assert told("undo", out).splitlines()[1:] == ["ada x: 3 / 5 -> 1 / 5"]
    assert "nothing to undo" in refused("undo", out)
    assert "no word of a tutor's (graded)" in refused("undo", out, 1)
    assert "(undone since)" in told("history", out, "ada")
    assert "no overrides" in told("overrides", out)


def test_marks_of_nobody_are_one_line(out: Path) -> None:
    assert "nobody in the gradebook" in refused("history", out, "zoe")
    assert "nothing was handed in for 'y'; there is x" in refused("override", out, "ada", "y", "b", "--drop")
    assert records.Status(str(row(out)["status"])) is records.Status.GRADED
