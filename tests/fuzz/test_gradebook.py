"""A gradebook that is damaged, or was never one, is told of in one line."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.keep.desk import UndoError
from grader.keep.gradebook import Gradebook, GradebookError
from grader.keep.known import Known
from grader.keep.marking import Override
from grader.records import Person
from tests.fuzz import JSON, TEXT, folder, fuzzed, one_line, spoilt
from tests.keep.test_gradebook import OLD, OLD_2, entry


@cache
def a_gradebook() -> bytes:
    """One with a row in each table, on one SQLite file."""
    with folder() as top:
        path = top / "gradebook.sqlite"
        with Gradebook(path) as book:
            book.set_batch_value("seed", "7")
            book.meet(
                [
                    Known(
                        person=Person(id="ada", name="Ada", email="", group=""),
                        known_as=("42",),
                        numbers={"x": "7"},
                        kinds={"42": frozenset({"Moodle"})},
                    )
                ]
            )
            book.record(entry())
            book.desk.override(
                Override(student="ada", exercise="x", check="b", sha256="s", points=3.0, comment="Well")
            )
            book.desk.review("ada", "x", "s", by="kim")
            book.written.hand_in("ada", "x", "s", {"why": "Because."})
            comment = book.written.add_comment("Clear.", by="kim")
            book.written.mark([("ada", "x", "why", "s")], points=1.0, comments=[comment], by="kim")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=DELETE").fetchall()
        return path.read_bytes()


def use(path: Path) -> None:
    """Everything that a batch does with a gradebook."""
    with Gradebook(path) as book:
        for act in (
            lambda: [*book.entries()],
            book.results,
            book.people,
            book.attempts,
            book.fingerprints,
            book.desk.overrides,
            book.desk.reviewed,
            book.desk.events,
            lambda: book.desk.undo(by="kim"),
            book.written.comments,
            book.written.answers,
            book.batch_values,
            lambda: book.batch_value("seed", "1"),
            lambda: book.record(entry()),
            lambda: book.set_batch_value("seed", "2"),
            lambda: book.remove("ada"),
            lambda: book.erase("ada"),
        ):
            try:
                act()
            except (GradebookError, UndoError) as error:
                one_line(error)


@fuzzed
@given(st.data())
def test_gradebook_of_any_bytes(data: Any) -> None:
    honest = data.draw(st.sampled_from([a_gradebook(), OLD.read_bytes(), OLD_2.read_bytes()]))
    with folder() as top:
        (top / "gradebook.sqlite").write_bytes(
            data.draw(st.one_of(st.binary(max_size=200), spoilt(honest, 12)))
        )
        try:
            use(top / "gradebook.sqlite")
        except GradebookError as error:
            one_line(error)


COLUMNS = {
    "batch": ("name", "value"),
    "people": ("id", "name", "group", "on_roster", "known_as", "kinds", "numbers"),
    "results": ("student", "exercise", "number"),
    "submissions": ("student", "number", "sha256", "observed", "status", "document", "notebook"),
    "verdicts": ("number", "place", "document", "pictures"),
    "texts": ("digest", "content"),
    "overrides": ("check", "points", "bonus", "comment", "made_at"),
    "answers": ("question", "text", "points"),
    "answer_comments": ("comment",),
    "comments": ("id", "text", "points"),
    "reviewed": ("sha256", "by"),
    "events": ("at", "what", "before", "after", "undone"),
}
CELLS = st.one_of(
    TEXT.map(lambda text: text.encode("utf-8", "replace").decode()),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=8),
    JSON.map(json.dumps),
    st.sampled_from(["[" * 5000, '{"a": 1}', '["a", 1]', "[]", "null", "2", '{"a": ["b"]}']),
)


@fuzzed
@given(
    st.lists(
        st.tuples(
            st.sampled_from([(t, c) for t, found in COLUMNS.items() for c in found]), CELLS, st.booleans()
        ),
        min_size=1,
        max_size=3,
    )
)
@example([(("submissions", "document"), '{"\\u2028": null}', False)])
@example([(("events", "after"), "[]", False)])
@example([(("overrides", "points"), "", False)])
def test_gradebook_with_odd_rows(changes: list[tuple[tuple[str, str], Any, bool]]) -> None:
    with folder() as top:
        path = top / "gradebook.sqlite"
        path.write_bytes(a_gradebook())
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            for (table, column), value, as_text in changes:
                with contextlib.suppress(sqlite3.Error):
                    cell = "CAST(? AS TEXT)" if as_text else "?"  # text that is no UTF-8, too
                    db.execute(f'UPDATE {table} SET "{column}" = {cell}', (value,))
        try:
            use(path)
        except GradebookError as error:
            one_line(error)


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE results (a)",
        "CREATE VIEW results AS SELECT 1",
        "CREATE TABLE people (id)",
        "PRAGMA user_version = -1",
        "CREATE TABLE results (student, exercise, fingerprint); PRAGMA user_version = 0",
        "CREATE TABLE results (a); PRAGMA user_version = 2",
    ],
)
def test_gradebook_with_foreign_tables(tmp_path: Path, schema: str) -> None:
    path = tmp_path / "gradebook.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(schema)
    try:
        use(path)
    except GradebookError as error:
        one_line(error)


def test_it_is_read_where_nothing_is_spoilt(tmp_path: Path) -> None:
    """Or nothing here would show anything."""
    (tmp_path / "gradebook.sqlite").write_bytes(a_gradebook())
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        assert [result.student for result in book.results()] == ["ada"]
        assert [one.known_as for one in book.people()] == [("42",)]
