"""Written answers and the bank of comments on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, func, insert, select

from grader.errors import Mendable
from grader.keep.database import Database, now, plain
from grader.keep.events import change, put, standing, write_event
from grader.keep.schema import ANSWER_COMMENTS, ANSWERS, COMMENTS, RESULTS, SUBMISSIONS

A, C, U, S, R = ANSWERS.c, COMMENTS.c, ANSWER_COMMENTS.c, SUBMISSIONS.c, RESULTS.c
KEY = "student", "exercise", "question", "sha256"


class CommentError(Mendable):
    """A comment that is not there, or is in use: one line."""


class Comment(Struct, frozen=True, kw_only=True):
    """One of the bank."""

    id: int
    exercise: str            # "": for any
    text: str                # Markdown
    points: float | None     # None: it carries none
    by: str
    at: str
    uses: int                # how many answers have it


class Answer(Struct, frozen=True, kw_only=True):
    """What somebody wrote, and what it is worth."""

    student: str
    exercise: str
    question: str
    sha256: str              # of the submission it stands in
    text: str
    points: float | None     # None: unmarked
    comments: tuple[int, ...]
    by: str                  # who marked it
    at: str
    ticked: tuple[str, ...] = ()   # the items of the rubric that it has, by their texts

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.student, self.exercise, self.question, self.sha256


class Written:
    """Every method is one transaction, and raises GradebookError where the file cannot be read or written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- the bank of comments

    def comments(self, exercise: str | None = None) -> list[Comment]:
        """The bank: all of it, or what may be said of one exercise."""
        uses = select(func.count()).where(U.comment == C.id).scalar_subquery()
        asked = select(COMMENTS, uses.label("uses")).order_by(C.id)
        asked = asked if exercise is None else asked.where(C.exercise.in_(["", exercise]))
        with self._database.reading() as db:
            return [msgspec.convert(plain(row), Comment) for row in db.execute(asked)]

    def add_comment(self, text: str, *, by: str, points: float | None = None, exercise: str = "") -> int:
        """A new comment of the bank; returns its id."""
        row = {"exercise": exercise, "text": text, "points": points, "by": by, "at": now()}
        with self._database.writing() as db:
            id = db.execute(insert(COMMENTS).values(row).returning(C.id)).scalar_one()
            write_event(db, what="comment", by=by, exercise=exercise, after={"id": id, **row})
        return int(id)

    def change_comment(self, id: int, *, text: str, points: float | None, by: str) -> int | None:
        """Say it in another way, wherever it stands; returns the event's id.

        Raises:
            CommentError: there is no such comment.
        """
        with self._database.writing() as db:
            there = _comment(db, id)
            return change(db, "comment", {"id": id}, {
                "exercise": there["exercise"], "text": text, "points": points, "by": by, "at": now()}, by)

    def delete_comment(self, id: int, *, by: str) -> int | None:
        """Take it out of the bank.

        Raises:
            CommentError: there is no such comment, or an answer has it.
        """
        with self._database.writing() as db:
            _comment(db, id)
            if uses := db.execute(select(func.count()).where(U.comment == id)).scalar_one():
                raise CommentError(f"comment {id} stands beside {uses} answers, and stays")
            return change(db, "comment", {"id": id}, None, by)

    # --- answers

    def hand_in(self, student: str, exercise: str, sha256: str, texts: Mapping[str, str]) -> None:
        """What a submission says to each question, in place of what it was read to say. The same text as in
        an earlier submission keeps its mark and its comments, and an event says so."""
        with self._database.writing() as db:
            for question, text in texts.items():
                key = {"student": student, "exercise": exercise, "question": question, "sha256": sha256}
                like = db.execute(select(A.sha256).where(
                    A.student == student, A.exercise == exercise, A.question == question, A.text == text)
                    .order_by(A.sha256 != sha256, A.at.desc()).limit(1)).scalar()
                was = standing(db, "answer", {**key, "sha256": like}) if like is not None else None
                row = was or {"points": None, "by": "", "at": "", "comments": [], "ticked": []}
                new = {**row, **key, "text": text}
                put(db, "answer", key, new)
                if was and like != sha256 and (was["points"] is not None or was["comments"] or was["ticked"]):
                    write_event(db, what="answer kept", by="grader", student=student, exercise=exercise,
                                before=was, after=new)

    def mark(self, answers: Iterable[tuple[str, str, str, str]], *, points: float | None,
             comments: Sequence[int] = (), ticked: Sequence[str] = (), by: str) -> list[int]:
        """Give some answers, all of them or none, the same points, comments and ticks; None: those of the
        comments and ticks, or unmarked again.

        Args:
            answers: each one's `key`.
            ticked: items of the rubric, by their texts.

        Returns:
            The events' ids; none for what was so already.
        """
        found = []
        with self._database.writing() as db:
            for one in answers:
                key = dict(zip(KEY, one, strict=True))
                if there := standing(db, "answer", key):
                    found.append(change(db, "answer", key, {
                        "text": there["text"], "points": points, "by": by, "at": now(),
                        "comments": sorted(set(comments)), "ticked": sorted(set(ticked))}, by))
        return [id for id in found if id is not None]

    def answers(self, *, exercise: str | None = None, question: str | None = None,
                student: str | None = None, counting: bool = True) -> list[Answer]:
        """By exercise, question and student: those of the submissions that count, or of all."""
        there = select(SUBMISSIONS).join(RESULTS, and_(
            R.student == S.student, R.exercise == S.exercise, R.number == S.number)).where(
                A.student == S.student, A.exercise == S.exercise, A.sha256 == S.sha256).exists()
        asked = select(ANSWERS).where(there) if counting else select(ANSWERS)
        for column, wanted in (A.exercise, exercise), (A.question, question), (A.student, student):
            asked = asked if wanted is None else asked.where(column == wanted)
        with self._database.reading() as db:
            said: dict[tuple[str, ...], list[int]] = {}
            for row in db.execute(select(ANSWER_COMMENTS).order_by(U.comment)):
                said.setdefault(tuple(row._mapping[name] for name in KEY), []).append(row.comment)
            rows = db.execute(asked.order_by(A.exercise, A.question, A.student)).all()
            return [msgspec.convert({**plain(row), "comments": said.get(
                tuple(row._mapping[name] for name in KEY), [])}, Answer) for row in rows]


def _comment(db: Connection, id: int) -> dict[str, object]:
    found = standing(db, "comment", {"id": id})
    if found is None:
        raise CommentError(f"there is no comment {id}")
    return found
