"""People, submissions and their marks: SQLAlchemy Core over one SQLite file. Notebooks lie apart from the
rows that lists read, and nothing here holds a whole class's at once.

An older file is upgraded where it lies; a newer one is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection, Row, and_, delete, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert

from grader.keep import verdicts
from grader.keep.answers import Question, Words, questions
from grader.keep.database import GradebookError, as_json, drop_texts, get_text, now, plain, put_text
from grader.keep.events import write_event
from grader.keep.known import Known
from grader.keep.marking import Override
from grader.keep.register import Register, met
from grader.keep.schema import EVENTS, PEOPLE, RESULTS, SUBMISSIONS
from grader.keep.written import Answer
from grader.records import AnySubmission, HandedIn, Person, Result, Status, Submission, Unclear, Unreadable

__all__ = ["Entry", "Fingerprint", "Gradebook", "GradebookError", "Key", "points"]

Key = tuple[str, str]                      # student, exercise
PAGE = 200                                 # rows that are read at once, where everybody's are
S, R = SUBMISSIONS.c, RESULTS.c
COUNTS = and_(S.student == R.student, S.exercise == R.exercise, S.number == R.number)


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
    def key(self) -> Key:
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


class Fingerprint(Struct, frozen=True, kw_only=True):
    """Under what a submission was observed and judged, and how it stands: all that is needed to say whether
    it is to be run again."""

    observed: str
    judged: str
    status: Status
    sha256: str


class Gradebook(Register):
    """One file; every method is one transaction, and raises GradebookError where the file cannot be read or
    written. A tutor's words on marks are in `desk`, written answers in `written`."""

    def record(self, entry: Entry, *, what: str | None = "graded", by: str = "grader") -> None:
        """Write or replace one submission's result; other bytes than the last attempt's are another attempt.

        Args:
            what: the event's name; None where nothing of the mark changed.
        """
        r = entry.result
        key = {"student": r.student, "exercise": r.exercise}
        with self._database.writing() as db:
            met(db, [Known(person=Person(id=r.student, name=r.name))], anew=False)
            before = _standing(db, r)
            number = 0 if r.status is Status.UNCLEAR else _number(db, r)
            loose = _write(db, entry, number)
            row = upsert(RESULTS).values(**key, number=number)
            db.execute(row.on_conflict_do_update(index_elements=[*key], set_={"number": number}))
            if number:
                db.execute(delete(SUBMISSIONS).where(S.student == r.student, S.exercise == r.exercise,
                                                     S.number == 0))
            drop_texts(db, loose | _superseded(db, r, number))
            if what:
                write_event(db, what=what, by=by, before=before, after=_standing(db, r), **key)

    def judged_alike(self, entries: Iterable[Entry]) -> None:
        """Write down how these were judged, of which nothing else has changed."""
        with self._database.writing() as db:
            for one in entries:
                here = tuple_(S.student, S.exercise, S.number) == tuple_(*one.key, one.attempt)
                db.execute(update(SUBMISSIONS).where(here).values(judged=one.judged))

    def counting(self) -> list[Key]:
        """Student and exercise of every submission that counts, in order."""
        with self._database.reading() as db:
            rows = db.execute(select(R.student, R.exercise).order_by(R.student, R.exercise))
            return [(str(row.student), str(row.exercise)) for row in rows]

    def fingerprints(self) -> dict[Key, Fingerprint]:
        """Of every submission that counts; reads no document and no notebook."""
        asked = select(S.student, S.exercise, S.observed, S.judged, S.status, S.sha256).where(COUNTS)
        with self._database.reading() as db:
            return {(row.student, row.exercise): msgspec.convert(
                plain(row, *Fingerprint.__struct_fields__), Fingerprint) for row in db.execute(asked)}

    def entry(self, student: str, exercise: str, number: int | None = None) -> Entry | None:
        """One submission as judged, notebooks and all: the one that counts, or the attempt of this number."""
        which = COUNTS if number is None else S.number == number
        asked = select(SUBMISSIONS).where(which, S.student == student, S.exercise == exercise)
        with self._database.reading() as db:
            row = db.execute(asked).first()
            return None if row is None else self._entry(db, row)

    def entries(self) -> Iterator[Entry]:
        """Every submission that counts, by student and exercise, as judged: one after the other, each read
        when its turn comes."""
        for student, exercise in self.counting():
            if found := self.entry(student, exercise):
                yield found

    def notebook(self, student: str, exercise: str) -> str:
        """The cleaned notebook of the submission that counts; "" where there is none."""
        asked = select(S.notebook).where(COUNTS, S.student == student, S.exercise == exercise)
        with self._database.reading() as db:
            return get_text(db, db.execute(asked).scalar())

    def judged(self, *, pictures: bool = True) -> Iterator[Entry]:
        """Every submission that counts, by student and exercise, without its notebooks; some hundreds are
        held at a time.

        Args:
            pictures: with those of the verdicts, which lists have no use for and which are most of it.
        """
        last: Key = ("", "")
        while True:
            asked = select(SUBMISSIONS).where(COUNTS, tuple_(S.student, S.exercise) > tuple_(*last))
            with self._database.reading() as db:
                rows = db.execute(asked.order_by(S.student, S.exercise).limit(PAGE)).all()
                checks = verdicts.of(db, [(r.student, r.exercise, r.number) for r in rows], pictures=pictures)
                found = [self._light(row, checks) for row in rows]
            yield from found
            if len(rows) < PAGE:
                return
            last = rows[-1].student, rows[-1].exercise

    def results(self, *, pictures: bool = True) -> list[Result]:
        """Every result with all that tutors have said of it; see `judged`."""
        words = self.words()
        return [words.applied(one.counted) for one in self.judged(pictures=pictures)]

    def result(self, student: str, exercise: str, number: int | None = None) -> Result | None:
        """One submission's result with what tutors have said of it: the one that counts, or an attempt's."""
        found = self.entry(student, exercise, number)
        if found is None:
            return None
        return self.words(student, exercise).applied(found.counted)

    def words(self, student: str | None = None, exercise: str | None = None) -> Words:
        """What tutors have said of marks: of everybody's, or of one student and one exercise."""
        overrides, answers = dict[Key, list[Override]](), dict[Key, list[Answer]]()
        given = self.written.answers(student=student, exercise=exercise, counting=False)
        for word in self.desk.overrides(student=student, exercise=exercise):
            overrides.setdefault((word.student, word.exercise), []).append(word)
        for one in given:
            answers.setdefault((one.student, one.exercise), []).append(one)
        comments = {comment.id: comment for comment in self.written.comments()} if given else {}
        return Words(overrides=overrides, answers=answers, comments=comments)

    def questions(self) -> list[Question]:
        """What is asked of everybody in writing; see `written`."""
        return questions(one.result for one in self.judged(pictures=False))

    def attempts(self) -> dict[Key, dict[int, str]]:
        """Student and exercise -> the number and the SHA-256 of every submission that ever counted, in
        order."""
        found = dict[Key, dict[int, str]]()
        asked = select(S.student, S.exercise, S.number, S.sha256).where(S.number > 0).order_by(S.number)
        with self._database.reading() as db:
            for row in db.execute(asked):
                found.setdefault((row.student, row.exercise), {})[row.number] = row.sha256
            return msgspec.convert(found, dict[tuple[str, str], dict[int, str]])

    def handed_in(self, exercises: Iterable[str],
                  student: str | None = None) -> dict[Key, dict[int, Result]]:
        """Student and exercise -> the number and the result, as judged, of every submission that ever
        counted, in order; without pictures."""
        asked = select(SUBMISSIONS).where(S.number > 0, S.exercise.in_(list(exercises)))
        asked = asked if student is None else asked.where(S.student == student)
        found = dict[Key, dict[int, Result]]()
        with self._database.reading() as db:
            rows = db.execute(asked.order_by(S.student, S.exercise, S.number)).all()
            checks = verdicts.of(db, [(r.student, r.exercise, r.number) for r in rows], pictures=False)
            for row in rows:
                of_it = found.setdefault((row.student, row.exercise), {})
                of_it[row.number] = self._light(row, checks).counted
        return found

    def _entry(self, db: Connection, row: Row[Any]) -> Entry:
        checks = verdicts.of(db, [(row.student, row.exercise, row.number)])
        return structs.replace(self._light(row, checks), notebook=get_text(db, row.notebook),
                               executed=get_text(db, row.executed))

    def _light(self, row: Row[Any], checks: Mapping[verdicts.Where, verdicts.Rows]) -> Entry:
        return Entry(result=self._read(row, checks), observed=row.observed, judged=row.judged, notebook="",
                     executed="", attempt=row.number)

    def _read(self, row: Row[Any], checks: Mapping[verdicts.Where, verdicts.Rows]) -> Result:
        try:
            return structs.replace(msgspec.json.decode(row.document, type=Result), checks=verdicts.read(
                checks.get((row.student, row.exercise, row.number), ())))
        except (msgspec.MsgspecError, TypeError, RecursionError) as error:
            raise GradebookError(f"{self._database.path}: the result of {row.student!r} in {row.exercise!r} "
                                 f"cannot be read: {' '.join(str(error).split())}") from error

    def remove(self, student: str, by: str = "tutor") -> None:
        """Take a student's results out. Attempts, overrides and history stay, should they hand in again."""
        with self._database.writing() as db:
            rows = db.execute(delete(RESULTS).where(R.student == student).returning(R.exercise)).all()
            db.execute(delete(SUBMISSIONS).where(S.student == student, S.number == 0))
            db.execute(update(PEOPLE).where(PEOPLE.c.id == student).values(on_roster=False))
            for exercise in sorted(row.exercise for row in rows):
                write_event(db, what="removed", by=by, student=student, exercise=exercise)

    def erase(self, student: str) -> None:
        """Leave nothing of a student in the file, nor in those that SQLite keeps beside it."""
        with self._database.writing() as db:
            texts = {digest for row in db.execute(select(S.notebook, S.executed).where(S.student == student))
                     for digest in row}
            db.execute(delete(PEOPLE).where(PEOPLE.c.id == student))  # and what hangs on it
            db.execute(delete(EVENTS).where(EVENTS.c.student == student))
            drop_texts(db, texts)
        self._database.shrink()


def _number(db: Connection, r: Result) -> int:
    """The number of a result's attempt: the last one's where the bytes are its."""
    asked = select(S.number, S.sha256).where(S.student == r.student, S.exercise == r.exercise, S.number > 0)
    last = db.execute(asked.order_by(S.number.desc()).limit(1)).first()
    if last and last.sha256 == r.stamp:
        return int(last.number)
    return max(r.attempt, last.number + 1 if last else 1)


def _write(db: Connection, entry: Entry, number: int) -> set[str | None]:
    """Write a submission and its verdicts; returns the texts that it had before."""
    r, at = entry.result, now()
    key = {"student": r.student, "exercise": r.exercise, "number": number}
    here = S.student == r.student, S.exercise == r.exercise, S.number == number
    was = db.execute(select(S.notebook, S.executed).where(*here)).first()
    values = {"sha256": r.stamp, "handed_in_at": r.handed_in_at, "path": r.notebook.path, "graded_at": at,
              "observed": entry.observed, "judged": entry.judged, "status": r.status.value, "score": r.score,
              "max_score": r.max_score, "document": as_json(structs.replace(r, checks=())),
              "notebook": put_text(db, entry.notebook), "executed": put_text(db, entry.executed)}
    row = upsert(SUBMISSIONS).values(**key, **values, recorded_at=at)
    db.execute(row.on_conflict_do_update(index_elements=[*key], set_=values))
    verdicts.write(db, key, r.checks)
    return set(was or ())


def _superseded(db: Connection, r: Result, number: int) -> set[str | None]:
    """Earlier attempts keep their notebook, not what came of executing it; returns the texts that go."""
    old = S.student == r.student, S.exercise == r.exercise, S.number != number
    found = set(db.execute(select(S.executed).where(*old, S.executed.is_not(None))).scalars())
    db.execute(update(SUBMISSIONS).where(*old).values(executed=None))
    return found


def _standing(db: Connection, r: Result) -> dict[str, Any] | None:
    """How a submission stands, in the words of an event."""
    asked = select(S.status, S.score, S.max_score, S.number.label("attempt"), S.sha256)
    row = db.execute(asked.where(COUNTS, S.student == r.student, S.exercise == r.exercise)).first()
    return None if row is None else plain(row)


def points(result: Result) -> str:
    """A mark in the tutor's words: "17 / 20", "17 / 20 (provisional)", or why there is none."""
    said = result.status.value if result.score is None else f"{result.score:g} / {result.max_score:g}"
    return f"{said} (provisional)" if result.provisional else said
