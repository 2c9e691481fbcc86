"""Results, the tutor's overrides, and what was graded before: SQLAlchemy Core over one SQLite file."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct, structs
from sqlalchemy import (
    Column,
    Connection,
    Float,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from grader.errors import Mendable
from grader.records import Mark, Result, Status, Verdict

METADATA = MetaData()
BATCH = Table("batch", METADATA, Column("name", String, primary_key=True),
              Column("value", String, nullable=False))
RESULTS = Table(
    "results", METADATA,
    Column("student", String, nullable=False), Column("exercise", String, nullable=False),
    Column("fingerprint", String, nullable=False),  # of all that decides the mark
    Column("result", String, nullable=False), Column("notebook", String, nullable=False),
    Column("executed", String, nullable=False), Column("graded_at", String, nullable=False),
    PrimaryKeyConstraint("student", "exercise"))
OVERRIDES = Table(
    "overrides", METADATA,
    Column("student", String, nullable=False), Column("exercise", String, nullable=False),
    Column("check", String, nullable=False), Column("points", Float),
    Column("comment", String, nullable=False),
    Column("made_at", String, nullable=False), PrimaryKeyConstraint("student", "exercise", "check"))
HISTORY = Table(
    "history", METADATA,
    Column("at", String, nullable=False), Column("student", String, nullable=False),
    Column("exercise", String, nullable=False), Column("what", String, nullable=False))


class GradebookError(Mendable):
    """The gradebook cannot be opened or written: one line."""


class Entry(Struct, frozen=True, kw_only=True):
    """What the gradebook keeps of one submission."""

    result: Result           # as judged, before overrides
    fingerprint: str
    notebook: str            # the cleaned submission
    executed: str            # the notebook as executed; "" where there is none


class Override(Struct, frozen=True, kw_only=True):
    """A tutor's own word on one check."""

    student: str
    exercise: str
    check: str
    points: float | None     # None: the mark stays, only the comment is added
    comment: str = ""


class Gradebook:
    """One file; every method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", lambda c, _: c.execute("PRAGMA journal_mode=WAL").close())
        try:
            METADATA.create_all(self._engine)
        except SQLAlchemyError as error:
            raise GradebookError(f"{path}: {str(error).splitlines()[0]}") from error

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batch_value(self, name: str, default: str) -> str:
        """A value of the whole batch, such as its seed: what was recorded first, else `default`, now
        recorded."""
        with self._transaction() as db:
            db.execute(upsert(BATCH).values(name=name, value=default).on_conflict_do_nothing())
            return str(db.execute(select(BATCH.c.value).where(BATCH.c.name == name)).scalar_one())

    def set_batch_value(self, name: str, value: str) -> None:
        with self._transaction() as db:
            row = upsert(BATCH).values(name=name, value=value)
            db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def batch_values(self) -> dict[str, str]:
        with self._transaction() as db:
            return {row.name: row.value for row in db.execute(select(BATCH))}

    def record(self, entry: Entry) -> None:
        """Write or replace one submission's result."""
        r, now = entry.result, _now()
        values = {"student": r.student, "exercise": r.exercise, "fingerprint": entry.fingerprint,
                  "graded_at": now,
                  "result": msgspec.json.encode(r).decode(), "notebook": entry.notebook,
                  "executed": entry.executed}
        score = "withheld" if r.score is None else f"{r.score:g} / {r.max_score:g}"
        with self._transaction() as db:
            row = upsert(RESULTS).values(values)
            db.execute(row.on_conflict_do_update(index_elements=["student", "exercise"], set_=values))
            db.execute(insert(HISTORY).values(at=now, student=r.student, exercise=r.exercise,
                                              what=f"{r.status.value} {score}"))

    def entries(self) -> list[Entry]:
        """Every submission, by student and exercise, as judged."""
        with self._transaction() as db:
            rows = db.execute(select(RESULTS).order_by(RESULTS.c.student, RESULTS.c.exercise)).all()
        return [Entry(result=msgspec.json.decode(row.result, type=Result), fingerprint=row.fingerprint,
                      notebook=row.notebook, executed=row.executed) for row in rows]

    def results(self) -> list[Result]:
        """Every result with the tutor's overrides applied."""
        overrides = self.overrides()
        return [overridden(entry.result, overrides) for entry in self.entries()]

    def override(self, override: Override) -> None:
        """Record a tutor's word; it survives every regrade."""
        values = {**structs.asdict(override), "made_at": _now()}
        with self._transaction() as db:
            row = upsert(OVERRIDES).values(values)
            db.execute(row.on_conflict_do_update(index_elements=["student", "exercise", "check"],
                                                 set_=values))
            points = "comment" if override.points is None else f"{override.points:g} points"
            db.execute(insert(HISTORY).values(at=values["made_at"], student=override.student,
                                              exercise=override.exercise,
                                              what=f"override {override.check}: {points}"))

    def drop_override(self, student: str, exercise: str, check: str) -> None:
        o = OVERRIDES.c
        with self._transaction() as db:
            db.execute(delete(OVERRIDES).where(o.student == student, o.exercise == exercise,
                                               o.check == check))

    def overrides(self) -> list[Override]:
        with self._transaction() as db:
            rows = db.execute(select(OVERRIDES)).all()
        return [Override(student=row.student, exercise=row.exercise, check=row.check, points=row.points,
                         comment=row.comment) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise GradebookError(f"gradebook: {str(error).splitlines()[0]}") from error


def overridden(result: Result, overrides: list[Override]) -> Result:
    """The result with a tutor's own marks and comments in it."""
    own = {o.check: o for o in overrides if (o.student, o.exercise) == (result.student, result.exercise)}
    if not own:
        return result
    checks = tuple(_overridden(check, own[check.id]) if check.id in own else check for check in result.checks)
    comment = " ".join(o.comment for o in own.values() if o.comment)
    withheld = any(check.mark is Mark.GRADER_ERROR for check in checks)
    if result.status is Status.UNREADABLE or not checks or withheld:
        return structs.replace(result, checks=checks, comment=comment)
    maximum = sum(check.max_points for check in checks if check.mark is not Mark.NOT_AVAILABLE)
    return structs.replace(result, checks=checks, comment=comment,
                           score=sum(check.points for check in checks),
                           max_score=maximum, status=Status.GRADED)


def _overridden(check: Verdict, override: Override) -> Verdict:
    if override.points is None:
        return check
    full = override.points >= check.max_points
    mark = Mark.PASS if full else Mark.FAIL if override.points <= 0 else Mark.PARTIAL
    return structs.replace(check, points=override.points, mark=mark, root=None,
                           message=f"Marked by the tutor. {override.comment}".strip())


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
