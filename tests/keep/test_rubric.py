"""The items of a rubric are ticked one by one, and add up to what an answer is worth."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from grader import records
from grader.cli import main
from grader.keep.answers import worth
from grader.keep.gradebook import Entry, Gradebook
from grader.keep.output import Output
from grader.keep.publish import opened, publish
from grader.records import RubricItem
from tests import samples as s

RUBRIC = (RubricItem(text="names the <b>sum</b>", points=2.0),
          RubricItem(text="gives an example", points=1.0))


def entry(student: str, text: str, rubric: tuple[RubricItem, ...] = RUBRIC, sha256: str = "a") -> Entry:
    written = (records.WrittenAnswer(id="why", question="Why?", text=text, max_points=3.0, rubric=rubric),)
    found = s.result(student, checks=s.PASSED, written=written,
                     notebook=records.NotebookFile(path="x.ipynb", sha256=sha256))
    return Entry(result=structs.replace(found, score=10.0, max_score=13.0), observed="o", judged="j",
                 notebook=s.NOTEBOOK, executed="")


def keep(book: Gradebook, one: Entry) -> None:
    book.record(one)
    book.written.hand_in(one.result.student, "he_init", one.result.stamp,
                         {"why": one.result.written[0].text or ""})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    with Gradebook(Output(folder).gradebook) as book:
        for student, text in ("ada", "The sum."), ("ben", "the  sum."), ("cem", "No."):
            keep(book, entry(student, text))
        publish(book, Output(folder), every_page=True)
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.output


def answer(out: Path, student: str = "ada") -> records.WrittenAnswer:
    with opened(out) as book:
        found = book.result(student, "he_init")
    assert found
    return found.written[0]


def test_items_are_ticked_and_their_points_add_up(out: Path) -> None:
    listed = told("mark", out, "he_init", "why")
    assert "  1. names the <b>sum</b> (2)\n  2. gives an example (1)\n" in listed
    mark = "mark", out, "he_init", "why"
    assert told(*mark, "ada", "--tick", 1) == "he_init why: ada, and 1 who wrote the same: 2 / 3\n"
    assert (answer(out).points, answer(out, "ben").ticked) == (2.0, ("names the <b>sum</b>",))
    assert told(*mark, "ada", "--tick", 1, "--tick", 2).endswith(": 3 / 3\n")
    assert answer(out).mark is records.Mark.PASS
    # a tutor's own points stand above the sum, and a comment changes neither
    assert told(*mark, "ada", "--tick", 2, "--points", "2.5", "--alone").endswith("ada: 2.5 / 3\n")
    told(*mark, "ada", "--comment", "Nice.", "--alone")
    assert (answer(out).points, answer(out).ticked, answer(out).comments) == (
        2.5, ("gives an example",), ("Nice.",))
    # ticked once more, the items decide again
    assert told(*mark, "ada", "--tick", 2, "--alone").endswith("ada: 1 / 3\n")
    assert told(*mark, "ada", "--unmark").endswith(": unmarked\n")
    assert (answer(out).points, answer(out).ticked) == (None, ())


def test_the_student_is_told_which_items_they_have(out: Path) -> None:
    told("mark", out, "he_init", "why", "ada", "--tick", 2)
    told("mark", out, "he_init", "why", "cem", "--points", 0)
    html, plain = ((out / "ada" / f"he_init{kind}").read_text() for kind in (".html", ".md"))
    row = "<li><span{}>names the &lt;b&gt;sum&lt;/b&gt;</span>"
    assert row.format("") in html or row.format(' lang="en"') in html
    assert html.index(">not met<") < html.index("gives an example") < html.index(">met<")
    assert "gives an example (1) · met" in plain
    assert "(2) · not met" in plain
    untold = (out / "cem" / "he_init.html").read_text()
    assert "gives an example" in untold
    assert "met</span>" not in untold


@pytest.mark.parametrize(("words", "says"), [
    (("--tick", 3), "--tick 3: the rubric of why has 2 items, from 1"),
    (("--tick", 0), "--tick 0: the rubric of why has 2 items"),
    ((), "say --points, --tick, --comment or --unmark")])
def test_an_item_that_is_not_there_is_one_line(out: Path, words: tuple[object, ...], says: str) -> None:
    done = run("mark", out, "he_init", "why", "ada", *words)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert says in done.output


def test_ticks_stay_with_the_same_answer_and_are_undone(out: Path) -> None:
    told("mark", out, "he_init", "why", "cem", "--tick", 1, "--comment", "And then?", "--by", "kim")
    with opened(out) as book:
        keep(book, entry("cem", "No.", sha256="b"))
    assert (answer(out, "cem").points, answer(out, "cem").ticked) == (2.0, ("names the <b>sum</b>",))
    with opened(out) as book:   # a rubric in other words: nobody has looked for that
        keep(book, entry("cem", "No.", (structs.replace(RUBRIC[0], text="says sum"), RUBRIC[1]), sha256="b"))
    assert answer(out, "cem").points is None
    with opened(out) as book:
        keep(book, entry("cem", "No.", sha256="b"))
    told("mark", out, "he_init", "why", "cem", "--tick", 2)
    assert told("undo", out).splitlines()[-1] == "cem he_init: 11 / 13 -> 12 / 13"
    assert answer(out, "cem").ticked == ("names the <b>sum</b>",)
    said = told("history", out, "cem")
    given = 'why: 2 points, ticked: names the <b>sum</b>, "And then?"\n'
    for words in f"kim he_init: answer {given}", f"for it says the same: {given}", f"now as before: {given}":
        assert words in said, said


def test_history_tells_of_a_comment_that_was_changed_for_all(out: Path) -> None:
    told("mark", out, "he_init", "why", "ada", "--points", 1, "--comment", "An exmaple?")
    with opened(out) as book:
        book.written.change_comment(1, text="An example?", points=None, by="sam")
    assert "sam he_init: comment An example?, before: An exmaple?\n" in told("history", out, "ben")
    assert "sam he_init" not in told("history", out, "cem")
    assert 'why: 1 points, "An example?"' in told("history", out, "ada")


@pytest.mark.parametrize(("points", "comments", "ticked", "is_worth"), [
    (None, [], [0], 0.1), (None, [], [0, 1, 2], 0.3), (None, [-0.1], [0, 1], 0.1), (None, [-1.0], [0], 0.0),
    (0.2, [], [0], 0.2), (None, [5.0], [0], 0.3), (None, [-0.1], [], 0.2), (None, [], [], None)])
def test_what_is_ticked_is_worth_its_sum(points: float | None, comments: list[float], ticked: list[int],
                                         is_worth: float | None) -> None:
    rubric = [RubricItem(text=str(number), points=0.1) for number in range(3)]
    found = worth(points, comments, 0.3, rubric, [str(number) for number in ticked])
    assert found == (None if is_worth is None else pytest.approx(is_worth))
    assert found is None or 0.0 <= found <= 0.3, "0.1 three times is no more than 0.3, and no less"
    assert found == 0.3 or is_worth != 0.3
    assert worth(None, [], 0.3, [RubricItem(text="0")], ["0"]) is None, "an item without points gives none"
