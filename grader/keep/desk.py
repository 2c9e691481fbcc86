"""A tutor's words on marks: overrides, what was looked at, and what happened; any of it can be undone."""

from __future__ import annotations

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection, and_, select, update

from grader.errors import Mendable
from grader.keep.database import Database, now, plain
from grader.keep.events import CHANGED, Event, change, put, standing, write_event
from grader.keep.marking import Override
from grader.keep.schema import EVENTS, OVERRIDES, RESULTS, REVIEWED, SUBMISSIONS

O, E, S, R, V = OVERRIDES.c, EVENTS.c, SUBMISSIONS.c, RESULTS.c, REVIEWED.c  # noqa: E741
KEY = "student", "exercise", "check", "sha256"


class UndoError(Mendable):
    """This cannot be undone: one line."""


class Reviewed(Struct, frozen=True, kw_only=True):
    """Who has looked at a submission."""

    student: str
    exercise: str
    sha256: str
    by: str
    at: str


class Desk:
    """Every method is one transaction, and raises GradebookError where the file cannot be read or written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- overrides

    def override(self, *words: Override) -> list[int]:
        """Record a tutor's words, all of them or none, each in place of an earlier one on the same check of
        the same submission. They survive every regrade, and another submission makes them stale.

        Returns:
            The events' ids; none for what was so already.
        """
        with self._database.writing() as db:
            found = [change(db, "override", {name: getattr(one, name) for name in KEY},
                            {"points": one.points, "bonus": one.bonus, "comment": one.comment, "by": one.by,
                             "made_at": one.made_at or now()}, one.by) for one in words]
        return [id for id in found if id is not None]

    def drop_override(self, student: str, exercise: str, check: str, sha256: str, *, by: str) -> int | None:
        """Take the word on one check of one submission back; one on an earlier submission is settled, too.

        Returns:
            The event's id; None where there was none.
        """
        key = {"student": student, "exercise": exercise, "check": check, "sha256": sha256}
        with self._database.writing() as db:
            others = select(O.sha256).where(O.student == student, O.exercise == exercise, O.check == check,
                                            O.sha256 != sha256)
            row = {"points": None, "bonus": 0.0, "comment": "", "by": by, "made_at": now()}
            return change(db, "override", key, row if db.execute(others).first() else None, by)

    def overrides(self, *, student: str | None = None, exercise: str | None = None) -> list[Override]:
        """Every word of the tutor's, also on earlier submissions, and on checks that are not there any more;
        by student, exercise, check and time."""
        asked = select(OVERRIDES).order_by(O.student, O.exercise, O.check, O.made_at)
        asked = asked if student is None else asked.where(O.student == student)
        asked = asked if exercise is None else asked.where(O.exercise == exercise)
        with self._database.reading() as db:
            return [msgspec.convert(plain(row), Override) for row in db.execute(asked)]

    def by_submission(self) -> dict[tuple[str, str], list[Override]]:
        """The same, by student and exercise."""
        found: dict[tuple[str, str], list[Override]] = {}
        for one in self.overrides():
            found.setdefault((one.student, one.exercise), []).append(one)
        return found

    # --- what was looked at

    def review(self, student: str, exercise: str, sha256: str, *, by: str, done: bool = True) -> int | None:
        """Mark a submission as looked at by somebody, or as not."""
        key = {"student": student, "exercise": exercise, "sha256": sha256, "by": by}
        with self._database.writing() as db:
            if (standing(db, "reviewed", key) is not None) is done:
                return None
            return change(db, "reviewed", key, {"at": now()} if done else None, by)

    def reviewed(self) -> list[Reviewed]:
        """Who has looked at which of the submissions that count."""
        asked = (select(REVIEWED).join(SUBMISSIONS, and_(
            V.student == S.student, V.exercise == S.exercise, V.sha256 == S.sha256))
            .join(RESULTS, and_(R.student == S.student, R.exercise == S.exercise, R.number == S.number)))
        with self._database.reading() as db:
            return [msgspec.convert(plain(row), Reviewed)
                    for row in db.execute(asked.order_by(V.student, V.exercise, V.at))]

    # --- what happened

    def events(self, *, student: str | None = None, after: int = 0) -> list[Event]:
        """What happened, in order: to one person's marks, or to all; only what came after the event of that
        id."""
        asked = select(EVENTS).where(E.id > after).order_by(E.id)
        asked = asked if student is None else asked.where(E.student == student)
        with self._database.reading() as db:
            return [_event(plain(row)) for row in db.execute(asked)]

    def undo(self, id: int | None = None, *, by: str) -> Event:
        """Put back what an event changed: the last one that can be undone, or that of this id. Returns it.

        Raises:
            UndoError: there is none; or it is undone already, or none that can be; or what it changed has
                been changed again.
        """
        with self._database.writing() as db:
            event = _event(_chosen(db, id))
            key = {column.name: (event.after or event.before)[column.name]
                   for column in CHANGED[event.what].primary_key}
            if standing(db, event.what, key) != event.after:
                raise UndoError(f"event {event.id} cannot be undone: what it changed has been changed since")
            put(db, event.what, key, event.before)
            db.execute(update(EVENTS).where(E.id == event.id).values(undone=True))
            write_event(db, what="undo", by=by, student=event.student, exercise=event.exercise,
                        before=event.after, after=event.before)
        return structs.replace(event, undone=True)


def _event(row: dict[str, object]) -> Event:
    said = {name: msgspec.json.decode(str(row[name])) for name in ("before", "after")}
    return msgspec.convert({**row, **said, "undone": bool(row["undone"])}, Event)


def _chosen(db: Connection, id: int | None) -> dict[str, object]:
    asked = select(EVENTS).order_by(E.id.desc()).limit(1)
    row = db.execute(asked.where(E.id == id) if id is not None else
                     asked.where(E.what.in_(CHANGED), ~E.undone)).first()
    if row is None:
        raise UndoError("there is nothing to undo" if id is None else f"there is no event {id}")
    if row.undone or row.what not in CHANGED:
        raise UndoError(f"event {id} " + ("is undone already" if row.undone else
                                          f"is no word of a tutor's ({row.what}), and stays"))
    return plain(row)


