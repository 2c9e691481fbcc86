"""The course's rules over a gradebook: read, remembered, changed, and seen in every file that is written."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import structs

from grader import records
from grader.cli import main
from grader.keep.gradebook import Gradebook
from grader.keep.known import Known
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import everybody, publish, record_mark
from grader.keep.ruling import Ruled, look, remember, remembered
from grader.pipeline import Graded
from grader.records import Person, Status
from tests import samples as s

COURSE = """timezone = "Europe/Berlin"
pass_mark = 0.5

[rules]
per_day = 0.1

[[exercise]]
name = "he_init"
due = 2026-11-20T23:59:00
groups = { "Group B" = 2026-11-22T23:59:00 }

[[exercise]]
name = "saturation"
bonus = true
"""
IN_TIME, LATE = "2026-11-20T12:00:00+01:00", "2026-11-22T01:59:00+01:00"
NOW = datetime.datetime(2026, 12, 24, tzinfo=datetime.UTC)


@pytest.fixture
def exercises(tmp_path: Path) -> Path:
    for name in ("he_init", "saturation"):
        (tmp_path / "exercises" / name).mkdir(parents=True)
        (tmp_path / "exercises" / name / "exercise.toml").write_text("")
    (tmp_path / "exercises" / "course.toml").write_text(COURSE)
    return tmp_path / "exercises"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


@pytest.fixture
def book(out: Path) -> Iterator[Gradebook]:
    with Gradebook(out / "gradebook.sqlite") as book:
        yield book


def result(student: str = "ada", at: str = IN_TIME, exercise: str = "he_init", **more: Any) -> records.Result:
    return structs.replace(s.passed_all(student, exercise), handed_in_at=at, **more)


def keep(book: Gradebook, *results: records.Result, group: str = "") -> None:
    for one in results:
        book.meet([Known(person=Person(id=one.student, name=one.name, group=group), on_roster=True)])
        handed = records.Submission(student=one.student, exercise=one.exercise, path=one.notebook.path,
                                    sha256=one.notebook.sha256, notebook=s.NOTEBOOK)
        record_mark(Graded(submission=handed, result=one), book, Output(book._database.path.parent),
                    observed="o", judged="j")


def read(book: Gradebook, out: Path, exercises: Path, extensions: str = "") -> list[str]:
    path = out.parent / "extensions.csv"
    if extensions:
        path.write_text("student,exercise,due,reason\n" + extensions)
    told, notes = look(out, exercises, path if extensions else None)
    remember(book, told)
    return notes


def reports(out: Path) -> list[Path]:
    return [page for who in ("ada", "ben") for page in (out / who).glob("*.html")]


def ruled(book: Gradebook) -> dict[tuple[str, str], records.Result]:
    rows = Ruled(book, now=NOW).all(book.results())
    return {(one.student, one.exercise): one for one in rows}


# --- one result ----------------------------------------------------------------------------------------


def test_raw_penalty_and_final_stand_apart(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, result("ada"), result("ben", LATE))
    ada, ben = ruled(book)["ada", "he_init"], ruled(book)["ben", "he_init"]
    assert (ada.raw, ada.penalty, ada.score) == (19, 0, 19)
    assert (ben.raw, ben.penalty, ben.score) == (19, 3.8, 15.2)
    # and the gradebook keeps what was judged
    assert [entry.result.score for entry in book.entries()] == [19, 19]


def test_a_group_and_an_extension_have_their_own_deadline(book: Gradebook, out: Path,
                                                       exercises: Path) -> None:
    read(book, out, exercises, "cem,he_init,+2d,ill\nDana Doe,*,2026-11-23,\n")
    keep(book, result("ada", LATE))
    keep(book, result("ben", LATE), group="Group B")
    keep(book, result("cem", LATE), result("dana", LATE, name="Dana Doe"))
    assert {who: one.penalty for (who, _), one in ruled(book).items()} == {
        "ada": 3.8, "ben": 0, "cem": 0, "dana": 0}


def test_who_is_excused_has_no_mark_and_a_row(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises, "ada,he_init,excused,ill\nben,*,excused,\n")
    keep(book, result("ada"), result("cem"), result("cem", exercise="saturation"))
    book.meet([Known(person=Person(id="ben", name="Ben"))])
    found = ruled(book)
    assert {key: one.status for key, one in found.items() if one.status is not Status.GRADED} == {
        ("ada", "he_init"): Status.EXCUSED, ("ben", "he_init"): Status.EXCUSED,
        ("ben", "saturation"): Status.EXCUSED}
    assert found["ada", "he_init"].score is None
    assert found["ben", "saturation"].name == "Ben"


def test_what_has_no_mark_has_no_calculation(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, structs.replace(s.withheld("wim"), handed_in_at=LATE),
         structs.replace(s.unreadable("uma"), handed_in_at=LATE))
    found = ruled(book)
    assert (found["wim", "he_init"].score, found["wim", "he_init"].status) == (None, Status.WITHHELD)
    assert (found["uma", "he_init"].score, found["uma", "he_init"].penalty) == (0, 0)


BEST = COURSE.replace("per_day = 0.1", 'per_day = 0.1\nattempts = "best"')


def file(number: int) -> records.NotebookFile:
    return records.NotebookFile(path="a", sha256=f"{number}")


def attempts(book: Gradebook, *found: tuple[float, str], student: str = "ada") -> None:
    for number, (points, at) in enumerate(found, 1):
        keep(book, result(student, at, score=points, notebook=file(number)))


def test_the_best_attempt_counts_where_the_course_says_so(book: Gradebook, out: Path,
                                                       exercises: Path) -> None:
    attempts(book, (18, IN_TIME), (19, LATE))
    read(book, out, exercises)
    assert ruled(book)["ada", "he_init"].score == 15.2
    (exercises / "course.toml").write_text(BEST)
    read(book, out, exercises)
    one = ruled(book)["ada", "he_init"]
    assert (one.score, one.raw, one.penalty) == (18, 18, 0)
    assert one.rules is not None
    assert [(each.number, each.final) for each in one.rules.attempts] == [(1, 18), (2, 15.2)]
    # the page is about the last, and of the first the points count
    assert one.notebook.sha256 == "2"


def written(text: str) -> tuple[records.WrittenAnswer, ...]:
    return (records.WrittenAnswer(id="why", question="Why?", text=text, max_points=5.0),)


def test_the_best_attempt_has_what_was_given_to_its_own_answers(book: Gradebook, out: Path,
                                                               exercises: Path) -> None:
    (exercises / "course.toml").write_text(BEST)
    read(book, out, exercises)

    def hand_in(number: int, points: float, text: str) -> str:
        check = structs.replace(s.PASSED[0], points=points, max_points=20.0, mark=records.Mark.PARTIAL)
        one = result(score=points, max_score=25.0, notebook=file(number), written=written(text),
                     checks=(check,))
        keep(book, one)
        return one.stamp

    def bonus(sha256: str, points: float) -> Override:
        return Override(student="ada", exercise="he_init", check="", sha256=sha256, points=None, bonus=points)
    first = hand_in(1, 10.0, "It is so.")
    book.written.mark([("ada", "he_init", "why", first)], points=5.0, by="kim")
    book.desk.override(bonus(first, 2.0))
    second = hand_in(2, 12.0, "Because.")

    def found() -> tuple[float | None, list[float], bool]:
        last = book.result("ada", "he_init")
        assert last
        every = ruled(book)["ada", "he_init"]
        assert every.rules
        assert every == Ruled(book, now=NOW).one(last)
        return every.score, [one.raw for one in every.rules.attempts], every.provisional
    assert found() == (17.0, [17.0, 12.0], True)
    # an earlier attempt's are kept as they were; the last one's are marked, and may be better then
    book.written.mark([("ada", "he_init", "why", second)], points=4.0, by="kim")
    assert found() == (17.0, [17.0, 16.0], False)
    book.desk.override(bonus(second, 3.0))
    assert found() == (19.0, [17.0, 19.0], False)
    book.desk.drop_override("ada", "he_init", "", second, by="kim")
    book.desk.drop_override("ada", "he_init", "", first, by="kim")
    assert found() == (16.0, [15.0, 16.0], False)
    # the same words again keep their mark, whatever the attempt
    hand_in(3, 11.0, "It is so.")
    assert found() == (16.0, [15.0, 16.0, 16.0], False)


def test_only_so_many_attempts_can_count(book: Gradebook, out: Path, exercises: Path) -> None:
    (exercises / "course.toml").write_text(COURSE.replace("per_day = 0.1", "most_attempts = 2"))
    read(book, out, exercises)
    attempts(book, (10, IN_TIME), (11, IN_TIME), (12, IN_TIME))
    keep(book, result("ben", attempt=5, score=7.0))
    found = ruled(book)
    assert found["ada", "he_init"].score == 11
    # the first ones are not here: it counts, and the tutor is asked
    assert found["ben", "he_init"].score == 7
    assert [one.kind for one in found["ben", "he_init"].needs_you] == ["attempts"]
    assert found["ada", "he_init"].needs_you == ()


def test_an_earlier_attempt_without_a_mark_is_none(book: Gradebook, out: Path, exercises: Path) -> None:
    (exercises / "course.toml").write_text(BEST)
    read(book, out, exercises)
    keep(book, structs.replace(s.withheld("ada"), notebook=file(1)))
    keep(book, result(score=4.0, notebook=file(2)))
    keep(book, result(score=3.0, notebook=file(3)))
    assert ruled(book)["ada", "he_init"].score == 4


def test_late_without_a_time_is_for_the_tutor_and_unknown_times_are_told(book: Gradebook, out: Path,
                                                                       exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, result("ada", "", late=True), result("ben", ""), result("cem"))
    found = ruled(book)
    assert found["ada", "he_init"].score == 19
    assert [one.kind for one in found["ada", "he_init"].needs_you] == ["late"]
    assert Ruled(book).notes(found.values()) == [
        "he_init: of 1 of 3 nobody says when they were handed in: nothing is taken of them for lateness"]
    (exercises / "course.toml").write_text(COURSE.replace("per_day", "late_without_time = 0.5\nper_day"))
    read(book, out, exercises)
    one = ruled(book)["ada", "he_init"]
    assert (one.raw, one.penalty, one.needs_you) == (19, 9.5, ())


def test_without_rules_nothing_is_said(book: Gradebook, out: Path, exercises: Path) -> None:
    (exercises / "course.toml").write_text('[[exercise]]\nname = "he_init"\nweight = 2\n')
    read(book, out, exercises)
    keep(book, result(at=LATE))
    assert book.results() == Ruled(book).all(book.results())
    assert book.results()[0].rules is None


def test_an_exercise_that_course_toml_does_not_name_has_the_course_s_rules(book: Gradebook, out: Path,
                                                                        exercises: Path) -> None:
    (exercises / "course.toml").write_text('[rules]\nattempts = "best"\n')
    read(book, out, exercises)
    attempts(book, (18, IN_TIME), (9, LATE))
    assert ruled(book)["ada", "he_init"].score == 18


# --- read, remembered, changed -------------------------------------------------------------------------


def test_what_was_read_last_holds_until_it_is_read_again(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, result(at=LATE))
    (exercises / "course.toml").write_text(COURSE.replace("0.1", "0.2"))
    assert ruled(book)["ada", "he_init"].penalty == 3.8
    told, notes = look(out, None, None)       # as `grader report` does
    remember(book, told)
    assert notes == []
    assert ruled(book)["ada", "he_init"].penalty == 7.6


def test_what_is_gone_holds_as_it_was_and_is_told(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises, "ada,*,+9d,\n")
    keep(book, result(at=LATE), result("ben", LATE))
    exercises.rename(exercises.parent / "elsewhere")
    (out.parent / "extensions.csv").unlink()
    told, notes = look(out, None, None)
    remember(book, told)
    assert [note.partition(": ")[2] for note in notes] == [
        "not there any more; the rules are those of the last batch",
        "not there any more; the extensions are those of the last batch"]
    assert {who: one.penalty for (who, _), one in ruled(book).items()} == {"ada": 0, "ben": 3.8}


def test_the_list_that_was_given_is_read_again(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises, "ada,*,+9d,\n")
    keep(book, result(at=LATE))
    (out.parent / "extensions.csv").write_text("student,exercise,due\n")
    assert not look(out, exercises, None)[0].granted


def test_the_reason_is_not_kept(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises, "ada,*,+9d,very-private\n")
    assert "very-private" not in json.dumps(book.batch_values())


def test_an_older_gradebook_knows_no_rules(book: Gradebook) -> None:
    book.set_batch_value("weights", "{}")
    assert remembered(book).course.exercise == ()
    assert not Ruled(book).any


# --- in every file -------------------------------------------------------------------------------------


def row(out: Path, student: str) -> dict[str, str]:
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["student"] == student)


def lines(out: Path) -> dict[tuple[str, str], Any]:
    found = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return {(one["student"], one["exercise"]): one for one in found}


def test_every_file_says_the_same(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises, "cem,he_init,excused,\n")
    keep(book, result("ada"), result("ben", LATE), result("cem", LATE), result("ada", exercise="saturation"))
    publish(book, Output(out))
    line = lines(out)["ben", "he_init"]
    assert (line["score"], line["rules"]["raw"], line["rules"]["penalty"]) == (15.2, 19, 3.8)
    assert line["rules"]["calculation"][-1].endswith("19 − 3.8 = 15.2.")
    ben = row(out, "ben")
    assert (ben["he_init raw"], ben["he_init penalty"], ben["he_init score"]) == ("19", "3.8", "15.2")
    assert (ben["total"], ben["total max"], ben["passed"]) == ("15.2", "19", "yes")
    ada, cem = row(out, "ada"), row(out, "cem")
    assert (ada["total"], ada["total max"], ada["passed"]) == ("38", "19", "yes")      # the bonus is on top
    assert (cem["he_init status"], cem["he_init score"], cem["total max"]) == ("excused", "", "0")
    assert "19 − 3.8 = 15.2" in (out / "ben" / "he_init.html").read_text()
    assert "15.2" in (out / "index.html").read_text()
    assert "excused" in (out / "index.html").read_text()
    assert {key: one.score for one in everybody(book) if (key := (one.student, one.exercise))} == {
        key: one["score"] for key, one in lines(out).items()}


def test_a_changed_rule_changes_the_pages_that_say_it_and_no_other(book: Gradebook, out: Path,
                                                                exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, result("ada"), result("ben", LATE))
    publish(book, Output(out))
    before = {page: page.stat().st_mtime_ns for page in reports(out)}
    publish(book, Output(out))
    assert {page: page.stat().st_mtime_ns for page in reports(out)} == before
    (exercises / "course.toml").write_text(COURSE.replace("0.1", "0.2"))
    read(book, out, exercises)
    publish(book, Output(out))
    assert {page.parent.name for page, when in before.items() if page.stat().st_mtime_ns != when} == {"ben"}
    assert "19 − 7.6 = 11.4" in (out / "ben" / "he_init.html").read_text()


HIDDEN = COURSE.replace("[rules]", '[rules]\nhidden = "after due"')


def test_hidden_checks_come_out_at_the_deadline(book: Gradebook, out: Path, exercises: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    far = HIDDEN.replace("2026-11-20T23", "2999-11-20T23")
    (exercises / "course.toml").write_text(far)
    read(book, out, exercises)
    keep(book, structs.replace(s.result("ada"), handed_in_at=IN_TIME))
    page = out / "ada" / "he_init.html"
    assert s.HIDDEN.title not in page.read_text()     # from the first moment on
    publish(book, Output(out))
    assert s.HIDDEN.title not in page.read_text()
    assert s.HIDDEN.title in (out / "index.html").read_text()       # the tutor's
    assert "fresh" in [check["id"] for check in lines(out)["ada", "he_init"]["checks"]]
    (exercises / "course.toml").write_text(far.replace("2999-11-20T23", "2020-11-20T23"))
    read(book, out, exercises)
    publish(book, Output(out))
    assert s.HIDDEN.title in page.read_text()


# --- the commands --------------------------------------------------------------------------------------


def grader(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(map(str, words)), env={"COLUMNS": "200"})
    return done.exit_code, done.output


def test_report_reads_the_rules_again_and_export_does_not(book: Gradebook, out: Path,
                                                       exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, result("ada", LATE), result("ben", ""))
    publish(book, Output(out))
    (exercises / "course.toml").write_text(COURSE.replace("0.1", "0.2").replace('name = "he_init"',
                                                                              'name = "he_init"\nweight = 3'))
    assert ",19,3.8,15.2,19,graded," in grader("export", out, "--format", "csv")[1]
    code, said = grader("report", out)
    assert code == 0, said
    assert "late: 19 - 7.6" in said
    assert "he_init: of 1 of 2 nobody says when they were handed in" in said
    assert ",19,7.6,11.4,19,graded," in (exported := grader("export", out, "--format", "csv")[1])
    assert "34.2,57" in exported


@pytest.mark.parametrize("bad", ["[rules]\nper_day = 10\n", 'title = "x"\n\n[rules]\nhiden = "always"\n'])
def test_a_bad_course_toml_is_one_line_and_changes_nothing(book: Gradebook, out: Path, exercises: Path,
                                                        bad: str) -> None:
    read(book, out, exercises)
    keep(book, result("ada", LATE))
    publish(book, Output(out))
    before = {path: path.read_bytes() for path in out.rglob("*.*") if "sqlite" not in path.name}
    (exercises / "course.toml").write_text(bad)
    code, said = grader("report", out)
    assert (code, len(said.splitlines())) == (2, 1)
    assert said.startswith(f"grader: {exercises / 'course.toml'}:{2 if 'per_day' in bad else 4}: ")
    assert {path: path.read_bytes() for path in before} == before
    assert ruled(book)["ada", "he_init"].penalty == 3.8


def test_a_bad_list_is_one_line_and_changes_nothing(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises)
    keep(book, result("ada", LATE))
    (out.parent / "e.csv").write_text("student,exercise,due\nada,he_init,soon\n")
    code, said = grader("report", out, "--extensions", out.parent / "e.csv")
    assert (code, len(said.splitlines())) == (2, 1)
    assert said.startswith(f"grader: {out.parent / 'e.csv'}:2: due is 'soon'")
    assert not (out / "grades.csv").exists()
    assert not remembered(book).granted


def test_a_bad_course_toml_leaves_no_folder(exercises: Path, tmp_path: Path) -> None:
    (exercises / "course.toml").write_text("[rules]\ncap = 3\n")
    (tmp_path / "in").mkdir()
    code, said = grader("batch", tmp_path / "in", "--out", tmp_path / "new", "--exercises", exercises,
                        "--sandbox", "process")
    assert code == 2
    assert said.splitlines()[-1] == f"grader: {exercises / 'course.toml'}:2: cap: 3 is no share; 0.1 is 10 %"
    assert not (tmp_path / "new").exists()


def test_nothing_of_who_is_erased_is_left_in_the_extensions(book: Gradebook, out: Path,
                                                         exercises: Path) -> None:
    read(book, out, exercises, "Ada Weiss,*,+9d,\nben,*,+1d,\n")
    keep(book, result("ada", LATE, name="Ada Weiss"), result("ben", LATE))
    publish(book, Output(out))
    assert grader("remove", out, "ada", "--erase")[0] == 0
    assert [one.student for one in remembered(book).granted] == ["ben"]


def test_whose_extension_nobody_can_tell_is_told(book: Gradebook, out: Path, exercises: Path) -> None:
    read(book, out, exercises, "nobody,*,+9d,\n")
    keep(book, result("ada", LATE))
    assert "extensions, line 2: 'nobody' is nobody's id or name here yet" in grader("report", out)[1]
