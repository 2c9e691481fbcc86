"""People, attempts, results and the tutor's overrides: SQLAlchemy Core over one SQLite file.

An older file is upgraded where it lies; a newer one is left alone.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection, Row, create_engine, delete, event, insert, inspect, select, union, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from grader.errors import Mendable
from grader.keep.known import Known
from grader.keep.marking import Override, overridden
from grader.keep.schema import (
    ATTEMPTS,
    BATCH,
    HISTORY,
    METADATA,
    OF_A_STUDENT,
    OVERRIDES,
    PEOPLE,
    RESULTS,
    SCHEMA,
    UPGRADES,
)
from grader.records import AnySubmission, HandedIn, Person, Result, Status, Submission, Unclear, Unreadable

AS_JSON = "known_as", "kinds", "numbers"   # columns of PEOPLE


class GradebookError(Mendable):
    """The gradebook cannot be opened or written: one line."""


class Entry(Struct, frozen=True, kw_only=True):
    """What the gradebook keeps of one submission."""

    result: Result           # as judged, before overrides
    observed: str            # fingerprints, see `unchanged`; "" where nothing was observed that could count
    judged: str
    notebook: str            # the cleaned submission
    executed: str            # the notebook as executed; "" where there is none
    attempt: int = 0         # its number in the gradebook; 0: not recorded yet, or none

    @property
    def counted(self) -> Result:
        """The result, and which attempt it is: by the source's number, else by the gradebook's."""
        return structs.replace(self.result, attempt=self.result.attempt or self.attempt)

    @property
    def key(self) -> tuple[str, str]:
        return self.result.student, self.result.exercise

    @property
    def submission(self) -> AnySubmission:
        """What was handed in, as it was read."""
        r = self.result
        who = {name: getattr(r, name) for name in HandedIn.__struct_fields__}
        if r.status is Status.UNREADABLE:
            return Unreadable(**who, exercise=r.exercise, path=r.notebook.path, sha256=r.notebook.sha256,
                              reason=r.reason, said=r.said)
        if r.status is Status.UNCLEAR:
            return Unclear(**who, exercise=r.exercise, files=r.claims, reason=r.reason, said=r.said)
        return Submission(**who, exercise=r.exercise, path=r.notebook.path, sha256=r.notebook.sha256,
                          notebook=self.notebook, files=r.files, notes=r.notes)


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

    def record(self, entry: Entry, *, told: bool = True) -> None:
        """Write or replace one submission's result; other bytes than the last attempt's are another attempt.

        Args:
            told: into the history; not where nothing of the mark changed.
        """
        r, now = entry.result, _now()
        values = {"student": r.student, "exercise": r.exercise, "graded_at": now,
                  "observed": entry.observed, "judged": entry.judged,
                  "result": msgspec.json.encode(r).decode(), "notebook": entry.notebook,
                  "executed": entry.executed}
        with self._transaction() as db:
            number = 0 if r.status is Status.UNCLEAR else _attempt(db, r, values, now)
            row = upsert(RESULTS).values(values | {"attempt": number})
            db.execute(row.on_conflict_do_update(index_elements=["student", "exercise"],
                                                 set_=values | {"attempt": number}))
            if told:
                db.execute(insert(HISTORY).values(at=now, student=r.student, exercise=r.exercise,
                                                  what=f"{r.status.value} {points(r)}"))

    def entries(self) -> list[Entry]:
        """Every submission that counts, by student and exercise, as judged."""
        with self._transaction() as db:
            rows = db.execute(select(RESULTS).order_by(RESULTS.c.student, RESULTS.c.exercise)).all()
            return [msgspec.convert({**_plain(row), "result": self._read(row)}, Entry) for row in rows]

    def attempts(self) -> dict[tuple[str, str], dict[int, str]]:
        """Student and exercise -> the number and the SHA-256 of every submission that ever counted, in
        order."""
        a, found = ATTEMPTS.c, dict[tuple[str, str], dict[int, str]]()
        with self._transaction() as db:
            for row in db.execute(select(a.student, a.exercise, a.number, a.sha256).order_by(a.number)):
                found.setdefault((row.student, row.exercise), {})[row.number] = row.sha256
            return msgspec.convert(found, dict[tuple[str, str], dict[int, str]])

    def handed_in(self, exercises: Iterable[str], student: str | None = None
                  ) -> dict[tuple[str, str], dict[int, Result]]:
        """Student and exercise -> the number and the result, as judged, of every submission that ever
        counted, in order."""
        a, found = ATTEMPTS.c, dict[tuple[str, str], dict[int, Result]]()
        rows = select(a.student, a.exercise, a.number, a.result).where(a.exercise.in_(list(exercises)))
        with self._transaction() as db:
            for row in db.execute((rows if student is None else rows.where(a.student == student))
                                  .order_by(a.number)):
                found.setdefault((row.student, row.exercise), {})[row.number] = structs.replace(
                    self._read(row), student=row.student)
        return found

    def people(self) -> list[Known]:
        """Everybody the gradebook has ever met, and to what they have handed in something that counted."""
        pairs = union(*(select(table.c.student, table.c.exercise) for table in (RESULTS, ATTEMPTS)))
        with self._transaction() as db:
            rows = db.execute(select(PEOPLE).order_by(PEOPLE.c.id)).all()
            handed_in: dict[str, set[str]] = {}
            for student, exercise in db.execute(pairs):
                handed_in.setdefault(student, set()).add(exercise)
            return [msgspec.convert({
                "person": _plain(row, *Person.__struct_fields__), "on_roster": row.on_roster,
                **{name: msgspec.json.decode(row._mapping[name]) for name in AS_JSON},
                "handed_in": handed_in.get(row.id, set())}, Known) for row in rows]

    def meet(self, people: Iterable[Known]) -> None:
        """Write down who somebody is, in place of what was known of them."""
        with self._transaction() as db:
            for one in people:
                values = {**structs.asdict(one.person), "on_roster": one.on_roster,
                          "known_as": msgspec.json.encode(one.known_as).decode(),
                          "kinds": msgspec.json.encode(one.kinds, order="deterministic").decode(),
                          "numbers": msgspec.json.encode(one.numbers).decode()}
                row = upsert(PEOPLE).values(values)
                db.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))

    def remove(self, student: str) -> None:
        """Take a student's results out. Attempts, overrides and history stay, should they hand in again."""
        with self._transaction() as db:
            rows = db.execute(delete(RESULTS).where(RESULTS.c.student == student)
                              .returning(RESULTS.c.exercise)).all()
            db.execute(update(PEOPLE).where(PEOPLE.c.id == student).values(on_roster=False))
            for exercise in sorted(row.exercise for row in rows):
                db.execute(insert(HISTORY).values(at=_now(), student=student, exercise=exercise,
                                                  what="removed"))

    def erase(self, student: str) -> None:
        """Leave nothing of a student in the file, nor in those that SQLite keeps beside it."""
        with self._transaction() as db:
            for table in OF_A_STUDENT:
                db.execute(delete(table).where(table.c.student == student))
            db.execute(delete(PEOPLE).where(PEOPLE.c.id == student))
        self.close()
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as db:
                db.execute("VACUUM")  # what was deleted stays in the file until it is written anew
                busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise GradebookError(f"{self._path}: {error}; run the same command again") from error
        if busy:
            raise GradebookError(f"{self._path}: another program has it open: close that, and run the same "
                                 "command again")

    def _read(self, row: Any) -> Result:
        try:
            return msgspec.json.decode(row.result, type=Result)
        except msgspec.MsgspecError as error:
            raise GradebookError(f"{self._path}: the result of {row.student!r} in {row.exercise!r} cannot be "
                                 f"read: {' '.join(str(error).split())}") from error

    def results(self) -> list[Result]:
        """Every result with the tutor's overrides applied."""
        overrides = self.overrides()
        return [overridden(entry.counted, overrides) for entry in self.entries()]

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
            return [msgspec.convert(_plain(row), Override) for row in db.execute(select(OVERRIDES))]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            raise GradebookError(f"{self._path}: {[*str(error).splitlines(), ''][0]}") from error


def _plain(row: Row[Any], *columns: str) -> dict[str, Any]:
    """Some columns, or all; msgspec takes no other names than plain ones."""
    return {str(name): row._mapping[name] for name in columns or row._mapping}


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


def _attempt(db: Connection, r: Result, values: Mapping[str, str], now: str) -> int:
    """The number of a result's attempt, which is written down: the last one's where the bytes are its."""
    a = ATTEMPTS.c
    mine = (a.student == r.student, a.exercise == r.exercise)
    last = db.execute(select(a.number, a.sha256).where(*mine).order_by(a.number.desc()).limit(1)).first()
    known = {"handed_in_at": r.handed_in_at, "path": r.notebook.path, "result": values["result"],
             "notebook": values["notebook"]}
    if last and last.sha256 == r.notebook.sha256:
        db.execute(update(ATTEMPTS).where(*mine, a.number == last.number).values(known))
        return int(last.number)
    number = max(r.attempt, last.number + 1 if last else 1)
    db.execute(insert(ATTEMPTS).values(**known, student=r.student, exercise=r.exercise, number=number,
                                       sha256=r.notebook.sha256, recorded_at=now))
    return number


def points(result: Result) -> str:
    """A mark in the tutor's words: "17 / 20", or why there is none."""
    return result.status.value if result.score is None else f"{result.score:g} / {result.max_score:g}"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
