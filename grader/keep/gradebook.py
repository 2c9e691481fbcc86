"""Results, the tutor's overrides, and what was graded before: SQLAlchemy Core over one SQLite file.

The file says which schema it has, in SQLite's `user_version`. An older one is upgraded where it lies; a newer
one is left alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy import (
    Column,
    Connection,
    Float,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from grader.errors import Mendable
from grader.records import Mark, Result, Status, Submission, Unreadable, Verdict

METADATA = MetaData()
BATCH = Table("batch", METADATA, Column("name", String, primary_key=True),
              Column("value", String, nullable=False))
RESULTS = Table(
    "results", METADATA,
    Column("student", String, nullable=False), Column("exercise", String, nullable=False),
    Column("observed", String, nullable=False),  # fingerprint of what was asked, and of who answered
    Column("judged", String, nullable=False),    # fingerprint of how the answer was judged
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


def _from_0_1(db: Connection) -> None:
    """Version 0.1 had one fingerprint, which did not cover the code that observes and judges: it says
    nothing."""
    db.exec_driver_sql("ALTER TABLE results RENAME COLUMN fingerprint TO observed")
    db.exec_driver_sql("ALTER TABLE results ADD COLUMN judged VARCHAR NOT NULL DEFAULT ''")
    db.exec_driver_sql("UPDATE results SET observed = ''")


UPGRADES: tuple[Callable[[Connection], None], ...] = (_from_0_1,)  # the n-th leads from schema n to n + 1
SCHEMA = len(UPGRADES)


class GradebookError(Mendable):
    """The gradebook cannot be opened or written: one line."""


class Entry(Struct, frozen=True, kw_only=True):
    """What the gradebook keeps of one submission."""

    result: Result           # as judged, before overrides
    observed: str            # fingerprints, see `unchanged`; "" where nothing was observed that could count
    judged: str
    notebook: str            # the cleaned submission
    executed: str            # the notebook as executed; "" where there is none

    @property
    def key(self) -> tuple[str, str]:
        return self.result.student, self.result.exercise

    @property
    def submission(self) -> Submission | Unreadable:
        """What was handed in, as it was read."""
        r = self.result
        if r.status is Status.UNREADABLE:
            return Unreadable(student=r.student, exercise=r.exercise, path=r.notebook.path,
                              sha256=r.notebook.sha256, reason=r.reason, said=r.said)
        return Submission(student=r.student, exercise=r.exercise, path=r.notebook.path,
                          sha256=r.notebook.sha256, notebook=self.notebook, files=r.files, notes=r.notes)


class Override(Struct, frozen=True, kw_only=True):
    """A tutor's own word on one check."""

    student: str
    exercise: str
    check: str
    points: float | None     # None: the mark stays, only the comment is added
    comment: str = ""


class Gradebook:
    """One file; every method is one transaction, and raises GradebookError where the file cannot be read or
    written."""

    def __init__(self, path: Path) -> None:
        """Open a gradebook, or begin one.

        Raises:
            GradebookError: it is no gradebook, or one of a newer grader.
        """
        self._path = path
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", lambda c, _: c.execute("PRAGMA journal_mode=WAL").close())
        # Python itself would begin only before the first row is written, not before a schema is changed.
        event.listen(self._engine, "begin", lambda db: db.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            with self._transaction() as db:
                _brought_up_to_date(db, path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file; `with` does it too."""
        self._engine.dispose()

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batch_value(self, name: str, default: str) -> str:
        """A value of the whole batch, such as its seed.

        Returns:
            What was recorded first, else `default`, which is now recorded.
        """
        with self._transaction() as db:
            db.execute(upsert(BATCH).values(name=name, value=default).on_conflict_do_nothing())
            return str(db.execute(select(BATCH.c.value).where(BATCH.c.name == name)).scalar_one())

    def set_batch_value(self, name: str, value: str) -> None:
        """Write or replace a value of the whole batch."""
        with self._transaction() as db:
            row = upsert(BATCH).values(name=name, value=value)
            db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def batch_values(self) -> dict[str, str]:
        """Every value of the whole batch by its name."""
        with self._transaction() as db:
            return {row.name: row.value for row in db.execute(select(BATCH))}

    def record(self, entry: Entry) -> None:
        """Write or replace one submission's result."""
        r, now = entry.result, _now()
        values = {"student": r.student, "exercise": r.exercise, "graded_at": now,
                  "observed": entry.observed, "judged": entry.judged,
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
        return [Entry(result=self._read(row), observed=row.observed, judged=row.judged,
                      notebook=row.notebook, executed=row.executed) for row in rows]

    def _read(self, row: Row[Any]) -> Result:
        try:
            return msgspec.json.decode(row.result, type=Result)
        except msgspec.MsgspecError as error:
            raise GradebookError(f"{self._path}: the result of {row.student!r} in {row.exercise!r} cannot be "
                                 f"read: {error}") from error

    def results(self) -> list[Result]:
        """Every result with the tutor's overrides applied."""
        overrides = self.overrides()
        return [overridden(entry.result, overrides) for entry in self.entries()]

    def override(self, override: Override) -> None:
        """Record a tutor's word on one check, in place of an earlier one; it survives every regrade."""
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
        """Take a tutor's word on one check back, if there is one."""
        o = OVERRIDES.c
        with self._transaction() as db:
            db.execute(delete(OVERRIDES).where(o.student == student, o.exercise == exercise,
                                               o.check == check))

    def overrides(self) -> list[Override]:
        """Every word of the tutor's that counts, also on checks that are not there any more."""
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
            raise GradebookError(f"{self._path}: {str(error).splitlines()[0]}") from error


def _brought_up_to_date(db: Connection, path: Path) -> None:
    """Give a new file its tables; lead an old one to today's schema, step by step, or not at all."""
    found = int(db.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > SCHEMA:
        raise GradebookError(f"{path}: written by a newer grader (schema {found}, this one knows {SCHEMA}): "
                             "install that version, or give another --out")
    if found < SCHEMA and inspect(db).has_table(RESULTS.name):
        for upgrade in UPGRADES[found:]:
            upgrade(db)
    METADATA.create_all(db)
    db.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


def overridden(result: Result, overrides: list[Override]) -> Result:
    """The result with a tutor's own marks and comments in it.

    Args:
        result: as judged.
        overrides: of any students; those of this result are taken.
    """
    own = {o.check: o for o in overrides if (o.student, o.exercise) == (result.student, result.exercise)}
    if not own:
        return result
    checks = reached(tuple(_overridden(check, own[check.id]) if check.id in own else check
                           for check in result.checks))
    settled = {o.check for o in own.values() if o.points is not None}
    result = structs.replace(result, needs_you=tuple(
        one for one in result.needs_you if not one.checks or not settled.issuperset(one.checks)))
    comment = " ".join(o.comment for o in own.values() if o.comment)
    withheld = any(check.mark is Mark.GRADER_ERROR for check in checks)
    if result.status is Status.UNREADABLE or not checks or withheld:
        return structs.replace(result, checks=checks, comment=comment)
    maximum = sum(check.max_points for check in checks if check.mark is not Mark.NOT_AVAILABLE)
    return structs.replace(result, checks=checks, comment=comment,
                           score=sum(check.points for check in checks),
                           max_score=maximum, status=Status.GRADED)


def reached(checks: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The checks that a tutor's word has set free, as they were judged by themselves.

    Args:
        checks: in the exercise's order, so that what a check hangs on comes before it.
    """
    passed: set[str] = set()
    found = []
    for check in checks:
        if check.mark is Mark.NOT_REACHED and check.alone and passed.issuperset(check.after):
            check = check.alone
        if check.mark is Mark.PASS:
            passed.add(check.id)
        found.append(check)
    return tuple(found)


def _overridden(check: Verdict, override: Override) -> Verdict:
    if override.points is None:
        return check
    full = override.points >= check.max_points
    mark = Mark.PASS if full else Mark.FAIL if override.points <= 0 else Mark.PARTIAL
    return structs.replace(check, points=override.points, mark=mark, root=None,
                           message=f"Marked by the tutor. {override.comment}".strip())


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
