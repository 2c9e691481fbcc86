"""Written answers from release to export: unmarked until a tutor marks them, then worth what was given."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from grader import commands, records
from grader.cli import main
from grader.execute.opening import open_sandbox
from grader.exercise import catalog, release
from grader.exercise.catalog import ExerciseError
from grader.intake import answers as cells
from grader.keep.answers import answered, together, worth
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import opened, publish
from grader.keep.written import Answer
from grader.options import Options
from grader.report.console import Lines
from tests.conftest import CELLS, TOML, write_exercise
from tests.keep.test_gradebook import result
from tests.notebooks import notebook

WRITTEN = """
[[written]]
id = "why"
cell = "Why is"
points = 3
rubric = [{text = "names the sum", points = 2}, {text = "gives an example", points = 1}]

[[written]]
id = "more"
cell = "heading"
"""
HEADING = "# Doubling\n\nWhat else?"
QUESTION = "Why is x + x the double?"


def with_written(folder: Path, toml: str = WRITTEN) -> Path:
    write_exercise(folder, toml=TOML + toml)
    document = json.loads(notebook(*CELLS, heading=HEADING))
    document["cells"].insert(2, {"cell_type": "markdown", "id": "q", "metadata": {}, "source": QUESTION})
    (folder / "notebook.ipynb").write_text(json.dumps(document))
    return folder


def hand_in(place: Path, student: str, why: str, more: str = "") -> None:
    """The released notebook, solved, with answers."""
    document = json.loads(release.student_notebook(catalog.load(place / "exercises" / "doubling")))
    for cell in document["cells"]:
        text = {"answer-why": why, "answer-more": more}.get(cell["id"])
        cell["source"] = cell["source"].replace(cells.PLACEHOLDER, text or cells.PLACEHOLDER)
        cell["source"] = cell["source"].replace("raise NotImplementedError", "return x + x" if "double(x):" in
                                                cell["source"] else "return x / 2")
    (place / "in" / student).mkdir(parents=True, exist_ok=True)
    (place / "in" / student / "doubling.ipynb").write_text(json.dumps(document))


def graded(place: Path) -> dict[str, records.Result]:
    with open_sandbox("process") as sandbox:
        found = commands.batch([place / "in"], place / "out", Options(exercises=place / "exercises", jobs=1),
                               sandbox, Lines())
    return {one.student: one for one in found}


def called(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def said(*words: object) -> str:
    done = called(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(text: str) -> dict[str, dict[str, str]]:
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("course")
    with_written(place / "exercises" / "doubling")
    for student, why in (("ada", "It is the sum."), ("ben", "it is  the sum."), ("cem", "Because."),
                         ("dan", "")):
        hand_in(place, student, why, more="<script>alert(1)</script> $x^2$" if student == "ada" else "")
    graded(place)
    return place


def test_an_answer_is_unmarked_until_a_tutor_marks_it_and_equal_ones_together(shared: Path) -> None:
    out = shared / "out"
    with opened(out) as book:
        found = {one.student: one for one in book.results()}
        assert {(one.score, one.max_score, one.provisional) for one in found.values()} == {(6.0, 9.0, True)}
        why, _ = found["ada"].written
        assert (why.id, why.text, why.mark) == ("why", "It is the sum.", records.Mark.UNMARKED)
        assert [need.kind for need in found["ada"].wants()] == ["written-answer"]
    assert "why: 3 points, 4 of 4 not marked, 1 of them empty\n" in said("mark", out)
    listed = said("mark", out, "doubling", "why")
    assert "ada, ben: not marked\n  It is the sum." in listed
    assert "1. names the sum (2)" in listed
    before = rows(said("export", out, "--format", "csv"))["ada"]
    assert (before["doubling score"], before["total"], before["status"]) == ("", "", "provisional")
    done = said("mark", out, "doubling", "why", "ada", "--points", "2", "--comment", "An <b>example</b>?")
    assert done == "doubling why: ada, and 1 who wrote the same: 2 / 3\n"
    with opened(out) as book:
        found = {one.student: one for one in book.results()}
    assert {who: (one.score, one.provisional) for who, one in found.items()} == {
        "ada": (8.0, False), "ben": (8.0, False), "cem": (6.0, True), "dan": (6.0, True)}
    assert found["ada"].written[0].mark is records.Mark.PARTIAL
    assert not found["ada"].wants()
    table = rows((out / "grades.csv").read_text())
    assert (table["ben"]["total"], table["cem"]["total"], table["cem"]["status"]) == ("8", "", "provisional")


def test_the_terminal_says_what_is_provisional(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_written(tmp_path / "exercises" / "doubling")
    hand_in(tmp_path, "ada", "The sum.")
    hand_in(tmp_path, "ben", "Because.")
    graded(tmp_path)
    assert "ada doubling: 6 / 9 (provisional)" in capsys.readouterr().err
    out = tmp_path / "out"
    said("mark", out, "doubling", "why", "ada", "--points", "3")
    table = said("rejudge", out)
    assert "no mark changes" in table
    listed = said("report", out)
    assert "9 / 9 " in listed
    assert "6 / 9 (provisional)" in listed
    checks = tmp_path / "exercises" / "doubling" / "checks.py"
    mended = checks.read_text()
    checks.write_text(f'{mended}    fail("no")\n')
    moved = called("rejudge", out)
    assert "ben doubling: 6 -> 4 / 9 (provisional)" in moved.stderr
    assert "ada doubling: 9 -> 7 / 9 (half" in moved.stderr
    checks.write_text(mended)
    # whoever is run again keeps what was marked, and is told so
    hand_in(tmp_path, "ada", "The sum.", more="And more.")
    graded(tmp_path)
    assert "ada doubling: 9 / 9\n" in capsys.readouterr().err
    one = called("grade", tmp_path / "in" / "ben" / "doubling.ipynb", "--exercises", tmp_path / "exercises",
                 "--sandbox", "process").stdout
    assert "6 / 9 points (provisional)" in one
    assert "your tutor has not marked all of your written answers" in " ".join(one.split())


def test_what_is_provisional_is_exported_only_where_that_is_asked_for(shared: Path) -> None:
    left = called("export", shared / "out", "--format", "csv")
    count = sum(row["status"] == "provisional" for row in rows(left.stdout).values())
    assert count >= 2
    assert (f"{count} marks are provisional, for written answers are not marked yet, and left out; "
            "--provisional exports them\n") in left.stderr
    for form in "nbgrader", "junit":
        assert "provisional" in called("export", shared / "out", "--format", form).stderr
    every = called("export", shared / "out", "--format", "csv", "--provisional")
    assert {row["status"] for row in rows(every.stdout).values()} == {"graded"}
    assert rows(every.stdout)["dan"]["total"] == "6"
    assert f"{count} marks are provisional" in every.stderr


def test_gradescope_gets_no_score_of_what_is_provisional(shared: Path) -> None:
    def score(*more: str) -> object:
        text = said("export", shared / "out", "--format", "gradescope", "--student", "cem", *more)
        return json.loads(text).get("score")
    assert (score(), score("--provisional")) == (None, 6.0)


def test_a_report_shows_the_answer_and_what_the_tutor_says_and_nothing_of_it_acts(shared: Path) -> None:
    comment = "An <b>example</b>?"
    said("mark", shared / "out", "doubling", "why", "ada", "--points", "2", "--comment", comment)
    page = (shared / "out" / "ada" / "doubling.html").read_text()
    for text in ("It is the sum.", "An &lt;b&gt;example&lt;/b&gt;?", "names the sum", "2 of 3 points",
                 QUESTION, "&lt;script&gt;alert(1)", "<math", "8 <span>/ 9 points"):
        assert text in page, text
    assert "<script" not in page
    assert "provisional" not in page
    markdown = (shared / "out" / "ada" / "doubling.md").read_text()
    assert "An \\<b\\>example\\</b\\>?" in markdown
    waiting = (shared / "out" / "dan" / "doubling.html").read_text()
    assert "This is provisional" in waiting
    assert "You wrote nothing here." in waiting
    assert "Not marked yet" in waiting


@pytest.mark.parametrize(("words", "says"), [
    (("why", "ada", "--points", "4"), "why has 3 points; 4 is not between 0 and that"),
    (("why", "ada"), "say --points, --tick, --comment or --unmark"),
    (("which", "ada", "--points", "1"),
     "there is no such written answer; there are doubling why, doubling more"),
    (("why", "--points", "1"), "say whose answer")])
def test_a_mark_that_cannot_be_is_said_in_one_line(shared: Path, words: tuple[str, ...], says: str) -> None:
    done = called("mark", shared / "out", "doubling", *words)
    assert done.exit_code == 2
    assert says in done.output


def test_one_answer_alone_is_marked_and_unmarked(shared: Path) -> None:
    out = shared / "out"
    said("mark", out, "doubling", "why", "ben", "--points", "3", "--alone")
    with opened(out) as book:
        assert {one.student: one.points for one in book.written.answers(question="why")}["ben"] == 3.0
        assert {one.student: one.points for one in book.written.answers(question="why")}["ada"] != 3.0
    said("mark", out, "doubling", "why", "ben", "--unmark", "--alone")
    with opened(out) as book:
        assert {one.student: one.provisional for one in book.results()}["ben"]
    assert "This is provisional" in (out / "ben" / "doubling.html").read_text()


def test_another_submission_is_unmarked_again_unless_it_says_the_same(tmp_path: Path) -> None:
    with_written(tmp_path / "exercises" / "doubling")
    hand_in(tmp_path, "ada", "It is the sum.")
    graded(tmp_path)
    said("mark", tmp_path / "out", "doubling", "why", "ada", "--points", "3", "--by", "eva")
    hand_in(tmp_path, "ada", "It is the sum.", more="And one more.")
    assert graded(tmp_path)["ada"].score == 9.0
    with opened(tmp_path / "out") as book:
        (kept,) = [one for one in book.desk.events() if one.what == "answer kept"]
        assert (kept.by, kept.after["by"], kept.after["points"]) == ("grader", "eva", 3.0)
        assert kept.before["sha256"] != kept.after["sha256"]
    hand_in(tmp_path, "ada", "It is not.")
    found = graded(tmp_path)["ada"]
    assert (found.score, found.provisional) == (6.0, True)


def test_a_rejudge_keeps_the_mark_and_the_courses_points_count(tmp_path: Path) -> None:
    with_written(tmp_path / "exercises" / "doubling")
    hand_in(tmp_path, "ada", "It is the sum.", more="Much.")
    graded(tmp_path)
    said("mark", tmp_path / "out", "doubling", "why", "ada", "--points", "3")
    (tmp_path / "exercises" / "course.toml").write_text(
        '[[exercise]]\nname = "doubling"\nwritten = {more = 2}\n')
    found = graded(tmp_path)["ada"]
    assert (found.score, found.max_score, found.provisional) == (9.0, 11.0, True)
    said("mark", tmp_path / "out", "doubling", "more", "ada", "--points", "1,5")
    said("rejudge", tmp_path / "out", "--exercises", tmp_path / "exercises", "--apply")
    with opened(tmp_path / "out") as book:
        (found,) = book.results()
    assert (found.score, found.max_score, found.provisional) == (10.5, 11.0, False)


def test_whoever_marks_the_submission_as_a_whole_leaves_nothing_to_mark(tmp_path: Path) -> None:
    with_written(tmp_path / "exercises" / "doubling")
    hand_in(tmp_path, "ada", "It is the sum.")
    graded(tmp_path)
    with opened(tmp_path / "out") as book:
        (now,) = book.results()
        word = Override(student="ada", exercise="doubling", check="half", sha256=now.stamp, points=1.0)
        book.desk.override(word)
        (now,) = book.results()
        assert (now.score, now.max_score, now.provisional) == (5.0, 9.0, True)
        (why,) = book.written.answers(question="why")
        book.written.mark([why.key], points=2.0, by="tutor")
        (now,) = book.results()
        assert (now.score, now.max_score, now.provisional) == (7.0, 9.0, False)
        book.written.mark([why.key], points=None, by="tutor")
        book.desk.override(structs.replace(word, check="", points=8.0))
        (now,) = publish(book, Output(tmp_path / "out"))
        assert (now.score, now.max_score, now.provisional, now.wants()) == (8.0, 9.0, False, ())


@pytest.mark.parametrize(("points", "comments", "most", "is_"), [
    (None, [], 3.0, None), (None, [None], 3.0, None), (2.0, [1.0], 3.0, 2.0),
    (None, [1.0, 0.5, None], 3.0, 1.5), (None, [-1.0, None], 3.0, 2.0), (None, [2.0, -0.5], 3.0, 1.5),
    (None, [0.0], 3.0, 0.0),
    (None, [-5.0], 3.0, 0.0), (None, [9.0], 3.0, 3.0), (9.0, [], 3.0, 3.0)])
def test_what_an_answer_is_worth(points: float | None, comments: list[float | None], most: float,
                                 is_: float | None) -> None:
    assert worth(points, comments, most) == is_


def test_a_mark_counts_for_the_submission_that_it_was_given_to() -> None:
    answer = records.WrittenAnswer(id="q", question="", text="T", max_points=3.0)
    judged = structs.replace(result(), written=(answer,), max_score=8.0)
    given = [Answer(student="ada", exercise="x", question="q", sha256=sha256, text="T", points=points,
                    comments=(), by="tutor", at="") for sha256, points in (("s", 1.0), ("other", 3.0))]
    assert answered(judged, given, {}).score == answered(judged, given[::-1], {}).score == 2.0
    assert answered(judged, given[1:], {}).provisional
    reread = [structs.replace(given[0], text="another")]
    assert answered(judged, reread, {}).provisional


def test_equal_answers_are_together_and_empty_ones_last() -> None:
    given = [Answer(student=str(i), exercise="x", question="q", sha256="s", text=text, points=None,
                    comments=(), by="", at="") for i, text in enumerate(["", "a", "B  c", "", "b c\n", ""])]
    found = [[one.student for one in group] for group in together(given)]
    assert found == [["2", "4"], ["1"], ["0", "3", "5"]]


def test_the_check_of_a_student_says_which_answers_are_empty(tmp_path: Path) -> None:
    with_written(tmp_path / "exercises" / "doubling")
    hand_in(tmp_path, "ada", "It is the sum.")
    folder = tmp_path / "handout"
    release.hand_out(catalog.load(tmp_path / "exercises" / "doubling"), folder)
    handed = folder / "doubling" / "doubling.ipynb"
    handed.write_text((tmp_path / "in" / "ada" / "doubling.ipynb").read_text())
    done = called("check", handed)
    assert "2 written answers are marked by your tutor. Still empty: more." in " ".join(done.output.split())
    assert "4 / 4 points" in done.output
    assert "names the sum" not in (folder / "doubling" / "exercise.toml").read_text()


@pytest.mark.parametrize(("old", "new", "says"), [
    ("points = 3\n", "points = 3\npoint = 2\n", r"exercise.toml:12: .*unknown field `point`"),
    ('id = "more"', 'id = "why"', "exercise.toml:14: the written answer 'why' is there twice"),
    ('id = "more"', 'id = "A b"', "exercise.toml:14: 'A b' is no id"),
    ("points = 3", "points = -1", "exercise.toml:8: the written answer 'why' has -1 points"),
    ("points = 3", "points = nan", "exercise.toml:8: the written answer 'why' has nan points"),
    ("points = 3", "points = 4", "exercise.toml:8: the rubric of 'why' has 3 points, the answer 4"),
    ("points = 2}", "pints = 2}", r"exercise.toml:\d+: .*unknown field `pints`"),
    ('cell = "heading"\n', "", r"exercise.toml:14: .*missing required field `cell`")])
def test_a_question_that_is_not_as_it_must_be_is_an_error_with_its_line(tmp_path: Path, old: str, new: str,
                                                                       says: str) -> None:
    with pytest.raises(ExerciseError, match=says):
        catalog.load(with_written(tmp_path / "doubling", WRITTEN.replace(old, new, 1)))


def test_validate_says_which_question_has_no_cell(tmp_path: Path) -> None:
    with_written(tmp_path / "doubling", WRITTEN.replace("Why is", "nowhere"))
    done = called("validate", "doubling", "--exercises", tmp_path, "--only", "release", "--sandbox", "inline")
    assert done.exit_code == 1
    told = " ".join(done.output.split())
    assert "a written answer has no question: the question of 'why': no cell of Markdown has" in told


@pytest.mark.parametrize(("new", "says"), [
    ("nowhere", "no cell of Markdown has the id or the text 'nowhere'"),
    ("?", "2 cells of Markdown have the id or the text")])
def test_a_question_has_one_cell(tmp_path: Path, new: str, says: str) -> None:
    folder = with_written(tmp_path / "doubling", WRITTEN.replace("Why is", new))
    with pytest.raises(ExerciseError, match=says):
        release.student_notebook(catalog.load(folder))


def test_the_course_gives_points_only_to_questions_that_are_there(tmp_path: Path) -> None:
    folder = with_written(tmp_path / "doubling")
    course = tmp_path / "course.toml"
    course.write_text('[[exercise]]\nname = "doubling"\nwritten = {which = 2}\n')
    with pytest.raises(ExerciseError, match=r"course\.toml: the written answer 'which' of doubling"):
        catalog.load(folder)
    course.write_text('[[exercise]]\nname = "doubling"\nwritten = {why = 6}\n')
    why, more = catalog.load(folder).settings.written
    assert (why.points, [item.points for item in why.rubric], more.points) == (6.0, [4.0, 2.0], 0.0)
