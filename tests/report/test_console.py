"""What the commands print beside a report."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from grader.cli import main
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.output import Output
from grader.records import Cause, Mark, NeedsYou, Result, Status
from grader.report import console, wording
from tests import samples as s
from tests.report.test_class_page import missing, unclear
from tests.report.test_resemblance import own_work

LATE = structs.replace(s.VARIANCE, id="late", diagnosis=None, cause=Cause.TIMEOUT)
MENDED = structs.replace(s.VARIANCE, mark=Mark.PASS, points=4.0)
DEARER = structs.replace(MENDED, points=5.0, max_points=5.0)
RESULTS = [s.passed_all("eve"), s.result("ada"), s.result("lin", checks=(*s.PASSED, LATE)), s.withheld("wim"),
           s.unreadable("uma")]


def test_what_needs_the_tutor_is_said_once_the_batch_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    need = NeedsYou(kind="not-simulated", reason="why", checks=("variance",))
    ada = structs.replace(s.result("ada"), needs_you=(need,))
    console.class_table([ada, s.passed_all("eve")], Path("out"))
    assert "1 with a mark need your eye" in capsys.readouterr().out


@pytest.mark.parametrize(("groups", "says"), [(0, ""), (1, "1 group of submissions looks alike"),
                                              (2, "2 groups of submissions look alike")])
def test_look_alikes_are_told_of(capsys: pytest.CaptureFixture[str], groups: int, says: str) -> None:
    console.class_table([s.passed_all("eve")], Path("out"), alike=groups)
    told = capsys.readouterr().out
    assert says in told
    assert ("alike" in told) is bool(groups)


def test_a_command_tells_of_the_groups_that_the_class_page_shows(tmp_path: Path) -> None:
    with Gradebook(Output(tmp_path).gradebook) as book:
        for name in ("ada", "ben", "cem"):
            book.record(Entry(result=s.passed_all(name), observed="", judged="", executed="",
                              notebook=s.notebook(own_work(1 if name == "ben" else 2))))
    done = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "1 group of submissions looks alike: see the class page" in " ".join(done.stdout.split())


def test_the_class_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    console.class_table(RESULTS, Path("out"))
    told = capsys.readouterr().out
    for words in ("all checks passed", "lecun scaling, raised an error", "ran too long",
                  "a check of the exercise", "the file is no notebook", "1 withheld by no student's fault"):
        assert words in " ".join(told.split())
    for slug in ("lecun-scaling", "timeout", "wrong-answer"):
        assert slug not in told


def test_people_are_named_and_sorted_and_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    results = [s.result("1007", name="Zoë"), s.result("1003", name="Anna Schmidt"),
               s.result("1001", name="Anna Schmidt"), s.result("1002")]
    console.class_table(results, Path("out"))
    told = capsys.readouterr().out
    places = [told.index(who) for who in ("1002", "Anna Schmidt (1001)", "Anna Schmidt (1003)", "Zoë (1007)")]
    assert places == sorted(places)


def test_whoever_has_no_mark_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    console.class_table([s.withheld("wim"), unclear("uta"), missing("mia"), s.result("ada")], Path("out"))
    told = " ".join(capsys.readouterr().out.split())
    for words in ("uta he_init unclear", "a.ipynb, b.ipynb", "mia he_init missing",
                  "1 withheld by no student", "1 missing", "3 submissions",
                  "1 unclear, without a mark: say which file counts with --prefer"):
        assert words in told, words


def test_the_class_is_told_in_german(capsys: pytest.CaptureFixture[str]) -> None:
    console.class_table(RESULTS, Path("out"), "de")
    told = " ".join(capsys.readouterr().out.split())
    for words in ("Bewertung", "lief zu lange", "alle Prüfungen bestanden", "zurückgehalten", "5 Abgaben"):
        assert words in told
    assert "withheld" not in told


@pytest.mark.parametrize(("before", "after", "says"), [
    (s.result(), s.result(), ""),
    (s.result(checks=(s.VARIANCE,)), s.result(checks=(MENDED,)),
     "ada he_init: 0 -> 4 / 4 (variance fail -> pass)"),
    (s.result(checks=(MENDED,)), s.result(checks=(DEARER,)),
     "ada he_init: 4 / 4 -> 5 / 5 (variance 4 -> 5)"),
    (s.result(checks=(s.VARIANCE, LATE)), s.result(checks=(s.VARIANCE,)),
     "ada he_init: 0 / 8 -> 0 / 4 (late is gone)"),
    (s.result("a\x1b[1m", checks=(s.VARIANCE,), status=Status.WITHHELD, score=None),
     s.result("a\x1b[1m", checks=(MENDED,)), "a?[1m he_init: withheld -> 4 / 4 (variance fail -> pass)"),
])
def test_how_a_mark_changed_is_one_line(before: Result, after: Result, says: str) -> None:
    assert console.change(before, after) == says


def test_a_mistake_is_told_once_where_it_starts() -> None:
    again = structs.replace(s.VARIANCE, id="again")
    told = console.reason(s.result(checks=(s.VARIANCE, again)), wording.words("en"))
    assert told == "lecun scaling"
