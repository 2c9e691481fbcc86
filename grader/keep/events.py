"""What happened to whose marks, when, and by whom. Whatever a person changes goes through `change`, which
writes the event in the same transaction, so that it can be told and undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from grader.keep.database import as_json, now, plain
from grader.keep.schema import ANSWER_COMMENTS, ANSWERS, COMMENTS, EVENTS, OVERRIDES, REVIEWED

Values = Mapping[str, Any]
CHANGED = {"override": OVERRIDES, "reviewed": REVIEWED, "comment": COMMENTS, "answer": ANSWERS}


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    id: int
    at: str                  # ISO 8601, UTC
    by: str                  # "grader", "tutor" or a marker's name; "" where an older gradebook does not say
    student: str             # "": it is nobody's, as a comment of the bank is
    exercise: str
    what: str                # a name of CHANGED; or "graded", "rejudged", "removed", "undo"; or a sentence of
    #                          an older gradebook's
    before: Any              # the row; None: there was none
    after: Any
    undone: bool


def write_event(db: Connection, *, what: str, by: str, student: str = "", exercise: str = "",
                before: object = None, after: object = None) -> int:
    """Add an event; returns its id."""
    found = db.execute(insert(EVENTS).values(
        at=now(), by=by, student=student, exercise=exercise, what=what, before=as_json(before),
        after=as_json(after), undone=False).returning(EVENTS.c.id)).scalar_one()
    return int(found)


def change(db: Connection, what: str, key: Values, row: Values | None, by: str) -> int | None:
    """Put a row, or nothing, in the place of one; returns the event's id, or None where nothing changes.

    Args:
        what: a name of CHANGED.
        key: the row's primary key.
        row: the other columns; of an answer also `comments`, their ids.
    """
    before, after = standing(db, what, key), None if row is None else {**key, **row}
    if before == after:
        return None
    put(db, what, key, after)
    return write_event(db, what=what, by=by, student=key.get("student", ""),
                       exercise=(after or before or {}).get("exercise", ""), before=before, after=after)


def standing(db: Connection, what: str, key: Values) -> dict[str, Any] | None:
    """A row as it is now."""
    table = CHANGED[what]
    row = db.execute(select(table).where(*_is(table, key))).first()
    if row is None:
        return None
    if what != "answer":
        return plain(row)
    used = select(ANSWER_COMMENTS.c.comment).where(*_is(ANSWER_COMMENTS, key)).order_by("comment")
    return {**plain(row), "comments": [*db.execute(used).scalars()]}


def put(db: Connection, what: str, key: Values, row: Values | None) -> None:
    """Write a row, or take it away."""
    table = CHANGED[what]
    if row is None:
        db.execute(delete(table).where(*_is(table, key)))
        return
    values = {name: value for name, value in row.items() if name != "comments"}
    db.execute(upsert(table).values(values).on_conflict_do_update(index_elements=[*key], set_=values))
    if what == "answer":
        db.execute(delete(ANSWER_COMMENTS).where(*_is(ANSWER_COMMENTS, key)))
        for comment in row["comments"]:
            db.execute(insert(ANSWER_COMMENTS).values(**key, comment=comment))


def _is(table: Table, key: Values) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]
