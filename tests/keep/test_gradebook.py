"""The gradebook keeps results and overrides, and a regrade loses neither."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import event

from grader import commands, records
from grader.execute.opening import open_sandbox
from grader.keep.gradebook import Entry, Gradebook, GradebookError
from grader.keep.known import Known
from grader.keep.marking import Override
from grader.keep.schema import SCHEMA
from grader.options import Options
from grader.report.console import Lines
from tests.conftest import CELLS, write_exercise
from tests.notebooks import notebook

OLD = Path(__file__).parent / "gradebook-0.1.sqlite"  # six of the small exercise, one of he_init
OLD_2 = Path(__file__).parent / "gradebook-0.2.sqlite"  # four of the small exercise


def result(points: float = 1.0, student: str = "ada") -> records.Result:
    checks = (records.Verdict(id="a", title="A.", mark=records.Mark.PASS, points=points, max_points=2.0),
              records.Verdict(id="b", title="B.", mark=records.Mark.FAIL, cause=records.Cause.WRONG_ANSWER,
                              points=0.0, max_points=3.0))
    made_by = records.MadeBy(grader="0", exercise=1, torch="2", device="cpu", seed=1, sandbox="bubblewrap")
    return records.Result(student=student, exercise="x", status=records.Status.GRADED, score=points,
                          max_score=5.0, checks=checks,
                    notebook=records.NotebookFile(path="p", sha256="s"), made_by=made_by)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def entry(**changes: object) -> Entry:
    plain = Entry(result=result(), observed="o", judged="j", notebook="n", executed="")
    return structs.replace(plain, **changes)


def test_what_is_recorded_comes_back(book: Gradebook, tmp_path: Path) -> None:
    book.record(entry())
    with Gradebook(tmp_path / "gradebook.sqlite") as again:
        assert [*again.entries()] == [entry(attempt=1)]


def test_a_regrade_replaces_and_an_override_survives_it(book: Gradebook) -> None:
    book.record(entry())
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="s",
                                points=3.0, comment="Well argued."))
    book.record(entry(result=result(2.0)))
    (now,) = book.results()
    assert now.score == 5.0
    assert now.checks[1].mark is records.Mark.PASS
    assert now.comment == "Well argued."
    book.desk.drop_override("ada", "x", "b", "s", by="tutor")
    assert book.results()[0].score == 2.0


def test_part_of_the_points_is_partial(book: Gradebook) -> None:
    book.record(entry())
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="s", points=1.5))
    assert book.results()[0].checks[1].mark is records.Mark.PARTIAL


def test_what_hangs_on_a_forgiven_check_counts_as_it_was_judged_by_itself(book: Gradebook) -> None:
    plain = result()
    first, second = plain.checks
    alone = structs.replace(second, id="c", mark=records.Mark.PASS, points=3.0, cause=None)
    behind = structs.replace(second, id="c", mark=records.Mark.NOT_REACHED, root="b", after=("b",),
                             alone=alone)
    deeper = structs.replace(behind, id="d", after=("c",), alone=structs.replace(second, id="d"))
    book.record(entry(result=structs.replace(plain, max_score=11.0,
                                             checks=(first, second, behind, deeper))))
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="s", points=3.0))
    (now,) = book.results()
    assert [(v.id, v.mark, v.points) for v in now.checks[2:]] == [
        ("c", records.Mark.PASS, 3.0), ("d", records.Mark.FAIL, 0.0)]
    assert (now.score, now.max_score) == (1.0 + 3.0 + 3.0, 11.0)
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="s", points=1.0))
    assert book.results()[0].checks[2].mark is records.Mark.NOT_REACHED


def test_what_a_tutor_has_marked_needs_nobody_any_more(book: Gradebook) -> None:
    need = records.NeedsYou(kind="not-simulated", reason="why", checks=("b",))
    book.record(entry(result=structs.replace(result(), needs_you=(need,))))
    assert book.results()[0].needs_you == (need,)
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="s",
                                points=None, comment="I have seen it."))
    assert book.results()[0].needs_you == (need,)
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="s", points=0.0))
    assert book.results()[0].needs_you == ()


def handed_in(sha256: str, points: float = 1.0, **who: Any) -> Entry:
    file = records.NotebookFile(path="p", sha256=sha256)
    return entry(result=structs.replace(result(points), notebook=file, **who))


def numbers(book: Gradebook) -> list[tuple[int, str]]:
    return [*book.attempts().get(("ada", "x"), {}).items()]


def test_other_bytes_are_another_attempt_and_the_same_bytes_are_none(book: Gradebook,
                                                                     tmp_path: Path) -> None:
    for one in handed_in("a"), handed_in("a", 2.0), handed_in("b"), handed_in("b", 2.0):
        book.record(one)
    assert numbers(book) == [(1, "a"), (2, "b")]
    with closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as db:
        kept = db.execute("SELECT score, content FROM submissions JOIN texts ON notebook = digest "
                          "ORDER BY number")
        assert kept.fetchall() == [(2.0, "n"), (2.0, "n")], "each as it was judged last"
    assert (book.results()[0].attempt, book.results()[0].notebook.sha256) == (2, "b")


def test_long_texts_are_kept_small_and_what_spoils_them_is_one_line(book: Gradebook, tmp_path: Path) -> None:
    long = "print('\u00e4')\n" * 1000
    book.record(entry(result=result(), notebook=long, executed="e"))
    assert (found := book.entry("ada", "x"))
    assert (found.notebook, found.executed, book.notebook("ada", "x")) == (long, "e", long)
    with closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as db:
        assert [*db.execute("SELECT sum(length(content)) < 300 FROM texts")] == [(1,)]
        db.execute("UPDATE texts SET content = substr(content, 1, 10)")
        db.commit()
    with pytest.raises(GradebookError, match="a notebook in it cannot be read"):
        book.notebook("ada", "x")


def test_an_attempt_has_the_number_of_its_source_and_none_is_lost_where_that_comes_twice(
        book: Gradebook) -> None:
    for sha256, attempt in ("a", 3), ("b", 3), ("c", 0), ("d", 9):
        book.record(handed_in(sha256, attempt=attempt))
    assert [number for number, *_ in numbers(book)] == [3, 4, 5, 9]
    assert book.results()[0].attempt == 9


def test_a_mark_that_is_told_of_in_another_way_is_no_news(book: Gradebook, tmp_path: Path) -> None:
    book.record(handed_in("a"))
    book.record(handed_in("a", name="Ada Lovelace"), what=None)
    assert book.results()[0].name == "Ada Lovelace"
    (event,) = book.desk.events()
    assert (event.what, event.by, event.before) == ("graded", "grader", None)
    assert event.after == {"status": "graded", "score": 1.0, "max_score": 5.0, "attempt": 1, "sha256": "a"}


def test_a_person_is_read_as_written(book: Gradebook) -> None:
    ada = Known(person=records.Person(id="ada", name="Ada L.", email="ada@l", group="A"), on_roster=True,
                known_as=("7",), numbers={"x": "7"}, kinds={"ada": frozenset({"names", "Canvas"}),
                                                            "7": frozenset({"Moodle"})})
    book.meet([ada])
    assert book.people() == [ada]


def test_who_is_removed_has_no_result_and_keeps_the_attempts(book: Gradebook, tmp_path: Path) -> None:
    book.meet([Known(person=records.Person(id="ada"), on_roster=True)])
    book.record(handed_in("a"))
    book.desk.override(Override(student="ada", exercise="x", check="b", sha256="a", points=3.0))
    book.remove("ada")
    assert not book.results()
    (person,) = book.people()
    assert (person.on_roster, person.handed_in) == (False, frozenset({"x"}))
    book.record(handed_in("a"))
    assert book.results()[0].score == 4.0, "the override is there again"
    assert numbers(book) == [(1, "a")]


def test_what_is_erased_is_in_no_byte_of_the_file(book: Gradebook, tmp_path: Path) -> None:
    book.close()  # some builds of SQLite write zeros over what is deleted, and others do not
    event.listen(book._database.engine, "connect",
                 lambda db, _: db.execute("PRAGMA secure_delete=OFF").close())
    secret = "c0ffee-ada"
    book.meet([Known(person=records.Person(id=secret, name="Ada L.", email="ada@l"), known_as=("d0d0-ada",))])
    book.record(handed_in("a", student=secret))
    book.desk.override(Override(student=secret, exercise="x", check="b", sha256="a", points=3.0,
                                comment="To c0ffee-ada."))
    book.record(handed_in("a", student="bo"))
    book.erase(secret)
    assert [one.student for one in book.results()] == ["bo"]
    words = [secret, "Ada L.", "ada@l", "d0d0-ada"]
    assert [(file.name, word) for file in tmp_path.iterdir() for word in words
            if word.encode() in file.read_bytes()] == []


def test_the_seed_is_drawn_once(book: Gradebook) -> None:
    assert book.batch_value("seed", "5") == "5"
    assert book.batch_value("seed", "6") == "5"


def test_a_file_that_is_no_gradebook_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.sqlite"
    path.write_text("not a database" * 100)
    with pytest.raises(GradebookError) as error:
        Gradebook(path)
    assert "\n" not in str(error.value)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a batch of version 0.1, of which the gradebook is left."""
    (tmp_path / "out").mkdir()
    return Path(shutil.copy(OLD, tmp_path / "out" / "gradebook.sqlite"))


MARKS_OF_OLD = {"ada": 6.0, "bo": 4.0, "cy": 0.0, "dee": 6.0, "dmitri": 10.0, "eve": 6.0, "flo": 2.0}


def test_a_gradebook_of_version_0_1_is_read_with_its_overrides(old: Path) -> None:
    for _ in "upgraded", "opened again":
        with Gradebook(old) as book:
            found = {result.student: result for result in book.results()}
            assert {student: result.score for student, result in found.items()} == MARKS_OF_OLD
            assert found["bo"].comment == "Half right."
            assert {student for student, result in found.items() if result.events} == {"dee", "eve"}
            assert any(check.pictures for check in found["dmitri"].checks)
            assert {(entry.observed, entry.judged) for entry in book.entries()} == {("", "")}
            assert book.batch_value("seed", "none") == "5"
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


def test_a_batch_goes_on_from_version_0_1(old: Path, tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    write_exercise(tmp_path / "exercises" / "doubling")
    for student, cell in ("bo", "def double(x):\n    return x * x"), ("ada", "1"):
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / "doubling.ipynb").write_text(notebook(*CELLS, cell))
    with open_sandbox() as sandbox:
        for says in "2 to grade, 0 unchanged\n", "0 to grade, 2 unchanged\n":
            results = commands.batch([tmp_path / "in"], old.parent, Options(exercises=tmp_path / "exercises"),
                                     sandbox, Lines())
            assert says in capsys.readouterr().err
            assert {result.student: result.score for result in results} == MARKS_OF_OLD
    assert "Half right." in (old.parent / "bo" / "doubling.html").read_text()


def test_a_gradebook_of_version_0_2_is_read_with_people_and_first_attempts(tmp_path: Path) -> None:
    path = Path(shutil.copy(OLD_2, tmp_path / "gradebook.sqlite"))
    for _ in "upgraded", "opened again":
        with Gradebook(path) as book:
            found = {one.student: one for one in book.results()}
            assert {student: (one.score, one.attempt) for student, one in found.items()} == {
                "1003": (6.0, 1), "ada": (6.0, 1), "bo": (4.0, 1), "cy": (0.0, 1)}
            assert [(one.person.id, one.handed_in) for one in book.people()] == [
                (student, frozenset({"doubling"})) for student in ("1003", "ada", "bo", "cy")]
            assert all(entry.observed and entry.judged for entry in book.entries()), "nothing is run again"
    with Gradebook(path) as book:
        (bo,) = [entry for entry in book.entries() if entry.key[0] == "bo"]
        book.record(bo)
        assert [*book.attempts()["bo", "doubling"]] == [1], "the same bytes are known"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


def test_what_an_upgrade_cannot_finish_it_leaves_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db:
        db.execute("ALTER TABLE results ADD COLUMN judged")
        db.commit()
    with pytest.raises(GradebookError, match="duplicate column"):
        Gradebook(old)
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM results WHERE fingerprint != ''").fetchone() == (7,)


def test_a_gradebook_of_a_newer_version_is_left_alone(book: Gradebook, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    before = path.read_bytes()
    with pytest.raises(GradebookError) as error:
        Gradebook(path)
    assert "newer grader" in str(error.value)
    assert "install that version, or give another --out" in str(error.value)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before


def test_a_result_that_cannot_be_read_is_one_line_that_names_it(book: Gradebook, tmp_path: Path) -> None:
    book.record(entry())
    with closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as db:
        db.execute("UPDATE submissions SET document = '{}'")
        db.commit()
    with pytest.raises(GradebookError) as error:
        [*book.entries()]
    assert "the result of 'ada' in 'x' cannot be read" in str(error.value)
    assert "\n" not in str(error.value)
