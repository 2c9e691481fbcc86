"""`grader export` and `grader feedback` on a gradebook: what is shown, and what is written where."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Done
from msgspec import structs

from grader import judge
from grader.cli import main
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.known import Known
from grader.keep.output import Output
from grader.records import Cause, NotebookFile, Person, Result, Sentence
from grader.wall import messages
from tests import samples as s
from tests.export import importers
from tests.export.test_canvas import GRADEBOOK
from tests.export.test_moodle import ENGLISH

ATTACK = "\x1b]0;owned\x07\x1b[2J\u202e::error::forged ##[error]x"


def of(student: str, path: str = "x.ipynb", exercise: str = "he_init", **said: Any) -> Result:
    return s.result(student, exercise, notebook=NotebookFile(path=path, sha256=""), **said)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A gradebook of a class whose people have ids, names, and one a name that is an attack."""
    results = [of("42", "Ada_42_assignsubmission_file/x.ipynb", name="Ada Lovelace"), of("44"),
               of("43", "boole_43_9_x.ipynb"), of(f"x{ATTACK}", name=ATTACK), s.withheld("501"),
               of("44", exercise="other")]
    folder = tmp_path / "out"
    folder.mkdir()
    with Gradebook(Output(folder).gradebook) as book:
        book.meet([Known(person=Person(id=result.student, name=result.name)) for result in results])
        for result in results:
            book.record(Entry(result=result, observed="", judged="", notebook="", executed=""))
    (tmp_path / "Grades.csv").write_bytes(ENGLISH.encode())
    (tmp_path / "book.csv").write_bytes(GRADEBOOK.replace(",EX,", ",,").encode())
    return folder


def run(*words: object) -> Done:
    return CliRunner().invoke(main, list(map(str, words)))


def harmless(text: str) -> str:
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    return text


def moodle(out: Path, *words: object) -> Done:
    return run("export", out, "--format", "moodle", "--worksheet", out.parent / "Grades.csv", *words)


CANVAS = "--only", "he_init", "--assignment", "he_init=Sheet 3 (12345)"


def test_a_sheet_is_shown_and_written_only_where_it_is_said_where_to(out: Path) -> None:
    before = sorted(out.parent.rglob("*"))
    shown = moodle(out, "--only", "he_init")
    assert shown.exit_code == 0, shown.output
    assert "Lovelace" in harmless(shown.output)
    assert "2 new, 3 left as they were" in shown.output
    assert sorted(out.parent.rglob("*")) == before
    line = shlex.split(shown.output[shown.output.index("grader export"):].replace("\n", " "))
    filled = out.parent / "filled.csv"
    done = run(*line[1:-1], filled)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "2 new, 3 left as they were" in harmless(done.stderr)
    assert importers.moodle_grades(ENGLISH.encode(), filled.read_bytes()) == {"42": 7.0, "44": 7.0}


def test_a_sheet_that_is_filled_already_gets_no_second_ending(out: Path) -> None:
    sheet, filled = out.parent / "Grades.csv", out.parent / "Grades-filled.csv"
    assert shlex.split(moodle(out, "--only", "he_init").stdout)[-1] == filled.name
    assert moodle(out, "--only", "he_init", "--output", filled).exit_code == 0
    again = ("export", out, "--format", "moodle", "--only", "he_init", "--worksheet")
    shown = run(*again, filled).stdout
    assert "0 new" in shown
    assert shown.rstrip().endswith("nothing is written: no mark is new")
    for name, of in (("Grades-filled.csv", "Grades-filled-2.csv"),
                     ("Grades-filled-2.csv", "Grades-filled-3.csv"), ("filled.csv", "filled-2.csv")):
        later = out.parent / name
        later.write_bytes(sheet.read_bytes())
        assert shlex.split(run(*again, later).stdout)[-1] == of


def test_the_comment_beside_a_mark_knows_the_notebook(out: Path) -> None:
    """Where a cell stopped that was to define a function, that is what to mend first."""
    gone = structs.replace(s.RAISED, id="gone", title="It is there.", cause=Cause.MISSING, lines=(),
                           said=Sentence(template=judge.UNDEFINED, values={"name": "later"}))
    stop = messages.CellEvent(cell=2, cause=messages.CellCause.RAISED, error="ImportError", line=1)
    notebook = s.notebook("x = 1", "import nothing\ndef later():\n    pass")
    with Gradebook(Output(out).gradebook) as book:
        book.record(Entry(result=of("44", checks=(*s.PASSED, s.HIDDEN, gone), events=(stop,), max_score=20.0),
                          observed="", judged="", notebook=notebook, executed=""))
    filled = out.parent / "filled.csv"
    assert moodle(out, "--only", "he_init", "--output", filled).exit_code == 0
    text = filled.read_text(encoding="utf-8-sig").partition("Cem")[2]
    assert 0 < text.index("Cell 3 stopped: <code>ImportError") < text.index("Two calls give different")


def test_a_gradebook_of_canvas_too(out: Path) -> None:
    filled = out.parent / "filled.csv"
    words = "export", out, "--format", "canvas", "--worksheet", out.parent / "book.csv", *CANVAS
    shown = run(*words)
    assert "he_init=Sheet 3 (12345)" in shlex.split(shown.output.replace("\n", " "))
    done = run(*words, "--output", filled, "--replace")
    assert done.exit_code == 0, done.output
    assert importers.canvas_grades(filled.read_bytes(), {"42": "", "43": "", "44": "", "501": ""}) == {
        "42": {"1": 5.0, "12345": 7.0}, "43": {"1": 1.0, "12345": 7.0}, "44": {"1": 1.0, "12345": 7.0},
        "501": {}}


def test_the_sheet_itself_stays(out: Path) -> None:
    done = moodle(out, "--only", "he_init", "--output", out.parent / "Grades.csv")
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)
    assert (out.parent / "Grades.csv").read_bytes() == ENGLISH.encode()


def test_without_a_gradebook_canvas_is_written_to_standard_output_as_before(out: Path) -> None:
    done = run("export", out, "--format", "canvas", *CANVAS)
    assert done.exit_code == 0
    assert importers.canvas_grades(done.stdout.encode(), {"42": "", "43": ""}) == {
        "43": {"12345": 7.0}}
    harmless(done.stderr)
    assert done.stderr.count("left out") == 2


@pytest.mark.parametrize("form", ["csv", "junit", "github", "classroom", "nbgrader"])
def test_only_picks_exercises_in_every_format(out: Path, form: str) -> None:
    every = run("export", out, "--format", form)
    other = run("export", out, "--format", form, "--only", "other")
    assert "he_init" in every.stdout
    assert (other.exit_code, "he_init" in other.stdout, "other" in other.stdout) == (0, False, True)
    both = run("export", out, "--format", form, "--only", "other", "--only", "he_init")
    assert both.stdout == every.stdout


@pytest.mark.parametrize("words", [("export", "--format", "csv"),
                                   ("feedback", "--for", "moodle", "--output", "z")])
def test_an_exercise_that_nobody_handed_in_is_one_line(out: Path, words: tuple[str, ...]) -> None:
    done = run(words[0], out, *words[1:], "--only", "nothing")
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)
    assert "he_init, other" in done.output


def test_one_student_of_a_sheet(out: Path) -> None:
    filled = out.parent / "filled.csv"
    assert moodle(out, "--only", "he_init", "--student", "44", "--output", filled).exit_code == 0
    assert importers.moodle_grades(ENGLISH.encode(), filled.read_bytes()) == {"44": 7.0}
    assert moodle(out, "--student", "nobody").exit_code == 2


@pytest.mark.parametrize("words", [("--format", "csv", "--replace"), ("--format", "junit", "--scale"),
                                   ("--format", "moodle"), ("--format", "canvas")])
def test_options_that_do_not_fit_are_one_line(out: Path, words: tuple[str, ...]) -> None:
    done = run("export", out, *words)
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)


def test_reports_are_packed_and_whoever_has_no_place_is_named(out: Path) -> None:
    target = out.parent / "feedback.zip"
    words = "feedback", out, "--for", "moodle", "--only", "he_init", "--output", target
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "1 report in" in harmless(done.output).replace("\n", " ")
    assert set(importers.moodle_feedback(target.read_bytes(), ["42", "43", "44"])) == {"42"}
    done = run(*words, "--worksheet", out.parent / "Grades.csv")
    assert set(importers.moodle_feedback(target.read_bytes(), ["42", "43", "44"])) == {"42", "43", "44"}
    assert "501: left out, no row has the number 501" in harmless(done.output)
    again = target.read_bytes()
    run(*words, "--worksheet", out.parent / "Grades.csv")
    assert target.read_bytes() == again
    done = run("feedback", out, "--for", "canvas", "--only", "he_init", "--output", target)
    assert set(importers.canvas_feedback(target.read_bytes())) == {("43", "9")}


def test_a_zip_of_reports_takes_nobody_elses_place(out: Path) -> None:
    download = out.parent / "download.zip"
    with zipfile.ZipFile(download, "w") as archive:
        archive.writestr("Ada_42_assignsubmission_file/he_init.ipynb", "{}")
    before = download.read_bytes()
    done = run("feedback", out, "--for", "moodle", "--only", "he_init", "--output", download)
    assert (done.exit_code, download.read_bytes()) == (2, before)
    assert "is there already" in done.output


def test_where_nobody_has_a_place_nothing_is_written(out: Path) -> None:
    target = out.parent / "feedback.zip"
    done = run("feedback", out, "--for", "canvas", "--only", "other", "--output", target)
    assert (done.exit_code, len(done.output.splitlines()), target.exists()) == (2, 1, False)


def test_a_tutors_own_mark_is_what_is_exported(out: Path) -> None:
    assert run("override", out, "44", "he_init", "variance", "--points", "4").exit_code == 0
    filled = out.parent / "filled.csv"
    moodle(out, "--only", "he_init", "--output", filled)
    grade = importers.moodle_grades(ENGLISH.encode(), filled.read_bytes())["44"]
    assert grade == structs.replace(s.result("44"), score=11.0).score
