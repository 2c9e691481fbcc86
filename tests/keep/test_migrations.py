"""Every gradebook there has been is read today, and what it says is what it said."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from grader.keep.gradebook import Gradebook, GradebookError
from grader.keep.schema import SCHEMA

HERE = Path(__file__).parent
OLD = {"0.1": 0, "0.2": 1, "0.3-early": 2, "0.3": 2}   # file -> the schema it says it has


@pytest.fixture(params=OLD)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(version: str, tmp_path: Path) -> Path:
    return Path(shutil.copy(HERE / f"gradebook-{version}.sqlite", tmp_path / "gradebook.sqlite"))


def columns(path: Path) -> dict[str, object]:
    """Tables with what SQLite knows of their columns, keys and indexes."""
    engine = create_engine(f"sqlite:///{path}")
    found = inspect(engine)
    told: dict[str, object] = {
        name: ([(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)],
               found.get_pk_constraint(name)["constrained_columns"],
               sorted((f["constrained_columns"], f["referred_table"], f["referred_columns"],
                       f["options"].get("ondelete", "")) for f in found.get_foreign_keys(name)),
               sorted(i["name"] or "" for i in found.get_indexes(name)))
        for name in found.get_table_names()}
    engine.dispose()
    return told


def test_an_upgraded_file_has_the_tables_of_a_new_one(path: Path, version: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (OLD[version],), "as in its time"
    Gradebook(path).close()
    Gradebook(tmp_path / "new.sqlite").close()
    assert columns(path) == columns(tmp_path / "new.sqlite")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,), "what was led over is not there twice"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_every_text_and_every_verdict_is_there_once(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        results = db.execute("SELECT student, json_array_length(result, '$.checks'), notebook, executed "
                             "FROM results ORDER BY student").fetchall()
    with Gradebook(path) as book:
        found = [(e.key[0], len(e.result.checks), e.notebook, e.executed) for e in book.entries()]
    assert found == sorted(results)


def test_history_is_kept_in_order(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        said = db.execute("SELECT at, student, exercise, what FROM history ORDER BY rowid").fetchall()
    with Gradebook(path) as book:
        assert [(e.at, e.student, e.exercise, e.what) for e in book.desk.events()] == said
        assert said


@pytest.mark.parametrize("version", ["0.3-early", "0.3"], indirect=True)
def test_people_attempts_and_what_is_unclear_are_those_of_version_0_3(path: Path) -> None:
    with Gradebook(path) as book:
        people = {one.person.id: one for one in book.people()}
        assert people["1003"].person.email == "anna@example.org"
        assert [id for id, one in people.items() if one.on_roster] == [
            "1003", "ada", "bo", "cy", "dee", "mia"]
        assert {key: [*numbers] for key, numbers in book.attempts().items()} == {
            ("1003", "doubling"): [1, 2], ("ada", "doubling"): [1], ("bo", "doubling"): [1],
            ("cy", "doubling"): [1]}
        found = {one.student: (one.status.value, one.score, one.attempt) for one in book.results()}
        assert found == {"1003": ("graded", 2.0, 2), "ada": ("graded", 6.0, 1), "bo": ("graded", 4.0, 1),
                         "cy": ("unreadable", 0.0, 1), "dee": ("unclear", None, 0)}
        assert all(entry.observed and entry.judged for entry in book.entries()), "nothing is run again"


@pytest.mark.parametrize("version", ["0.3-early", "0.3"], indirect=True)
def test_an_override_belongs_to_the_submission_that_was_there_when_it_was_made(path: Path) -> None:
    with Gradebook(path) as book:
        numbers = {sha256: (student, number) for (student, _), all_ in book.attempts().items()
                   for number, sha256 in all_.items() if student in ("1003", "bo")}
        made = {one.student: (one.check, one.points, one.by, one.sha256) for one in book.desk.overrides()}
        assert made["bo"] == ("values", 2.0, "tutor", book.attempts()["bo", "doubling"][1])
        assert made["1003"] == ("half", 1.0, "tutor", book.attempts()["1003", "doubling"][1])
        assert len(numbers) == 2
        first, second = (book.result("1003", "doubling", number) for number in (1, 2))
        assert first
        assert second
        assert (first.score, first.comment) == (5.0, "Of the first attempt.")
        assert (second.score, second.comment) == (2.0, "")
        assert [need.kind for need in second.wants()] == ["stale-override"]


def test_answers_marked_before_items_could_be_ticked_are_undone_all_the_same(tmp_path: Path) -> None:
    path = Path(shutil.copy(HERE / "gradebook-0.3-late.sqlite", tmp_path / "gradebook.sqlite"))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,), "as in its time"
    Gradebook(tmp_path / "new.sqlite").close()
    with Gradebook(path) as book:
        found = {one.student: one for one in book.written.answers()}
        assert {who: (one.points, one.ticked, len(one.comments)) for who, one in found.items()} == {
            "ada": (2.0, (), 1), "ben": (0.5, (), 0)}
        assert book.desk.undo(by="kim").before["ticked"] == []
        assert [one.points for one in book.written.answers(student="ben")] == [1.0]
        book.desk.undo(by="kim")
        book.desk.undo(by="kim")
        assert {(one.points, one.comments) for one in book.written.answers()} == {(None, ())}
    assert columns(path) == columns(tmp_path / "new.sqlite")


def test_what_breaks_half_way_leaves_the_file_as_it_was(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE submissions (a)")
        db.commit()
        before = [*db.iterdump()]
    with pytest.raises(GradebookError, match="table submissions already exists") as error:
        Gradebook(path)
    assert "\n" not in str(error.value)
    with closing(sqlite3.connect(path)) as db:
        assert [*db.iterdump()] == before
        assert db.execute("PRAGMA user_version").fetchone() == (OLD[version],)


@pytest.mark.parametrize("spoil", [
    lambda db: db.execute("UPDATE results SET result = 'no json'"),
    lambda db: db.execute("UPDATE results SET result = '[1]'"),
], ids=["no json", "a list"])
def test_a_result_that_cannot_be_read_comes_along_and_says_so(path: Path, spoil: Callable[[object], object]
                                                              ) -> None:
    with closing(sqlite3.connect(path)) as db:
        spoil(db)
        db.commit()
    with Gradebook(path) as book, pytest.raises(GradebookError, match="cannot be read"):
        book.results()


