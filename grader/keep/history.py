"""What happened to a person's marks, when, and by whom; and back again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from grader.keep.answers import worth
from grader.keep.events import CHANGED, Event
from grader.keep.gradebook import Gradebook, Key, points
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import everybody, opened, publish
from grader.keep.removal import chosen
from grader.keep.written import Comment
from grader.records import Result, WrittenAnswer


@dataclass(frozen=True)
class Answers:
    """What the rows of somebody's answers hang on."""

    bank: Mapping[int, Comment]
    asked: Mapping[tuple[str, str], WrittenAnswer]     # by exercise and question

    def told(self, row: dict[str, Any]) -> str:
        """What an answer was given, by the bank and the rubric of today."""
        said = [self.bank[id] for id in row["comments"] if id in self.bank]
        question = self.asked.get((row["exercise"], row["question"]))
        given = worth(row["points"], [one.points for one in said],
                      question.max_points if question else math.inf, question.rubric if question else (),
                      row.get("ticked", ()))
        ticked = "; ".join(row.get("ticked", ()))
        return f"{row['question']}: " + ", ".join(filter(None, [
            "unmarked" if given is None else f"{given:g} points", f"ticked: {ticked}" if ticked else "",
            *(f'"{one.text}"' for one in said)]))


def history(out: Path, who: str) -> list[str]:
    """A line for each event: its number, when, by whom, the exercise, what happened; also what became of
    comments that stand beside their answers.

    Args:
        who: an id, or a name that only one person has.
    """
    with opened(out) as book:
        student = chosen(book, who, out).person.id
        events = book.desk.events(student=student)
        given = {id for one in events if one.what.startswith("answer")
                 for row in (one.before, one.after) if row for id in row["comments"]}
        events += [one for one in book.desk.events(student="") if one.what == "comment" and one.before
                   and one.before["id"] in given]
        answers = _answers(book, student, {one.exercise for one in events})
    return [" ".join(filter(None, [f"{one.id}:", one.at, one.by, f"{one.exercise}:", told(one, answers)]))
            for one in sorted(events, key=lambda event: event.id)]


def undo(out: Path, event: int | None, *, by: str) -> list[str]:
    """Take a word of a tutor's back, the last one or that of this number; returns what it was, and each mark
    that it moved, before and after.

    Raises:
        UndoError: there is none, or something else has been said since.
    """
    with opened(out) as book:
        before = _marks(everybody(book, pictures=False))
        found = book.desk.undo(event, by=by)
        answers = _answers(book, found.student, {found.exercise})
        touched = (found.student, found.exercise)
        after = _marks(publish(book, Output(out), touched={touched}))
    whose = " ".join(filter(None, touched))
    moved = [f"{' '.join(key)}: {was} -> {after[key]}" for key, was in before.items() if after[key] != was]
    stays = [f"{whose}: {after[touched]} stays"] if after.get(touched) == before.get(touched, "") else []
    return [f"undone: {found.id}, {whose}: {told(found, answers)}", *stays, *moved]


def _answers(book: Gradebook, student: str, exercises: Iterable[str]) -> Answers:
    asked = [book.result(student, name) for name in exercises]
    return Answers({one.id: one for one in book.written.comments()}, {
        (result.exercise, one.id): one for result in asked if result for one in result.written})


def _marks(results: Iterable[Result]) -> dict[Key, str]:
    return {(one.student, one.exercise): points(one) for one in results}


def told(event: Event, answers: Answers) -> str:
    """What happened, in a line."""
    before, after = event.before, event.after
    if event.what in ("graded", "rejudged"):
        was = f"{_mark(before)} -> " if before and _mark(before) != _mark(after) else ""
        attempt = f", attempt {after['attempt']}" if after["attempt"] else ""
        return f"{event.what}: {was}{_mark(after)}{attempt}"
    if event.what in CHANGED:
        done = " (undone since)" if event.undone else ""
        was = f", before: {_row(event.what, before, answers)}" if before and _says(before) else ""
        return f"{event.what} {_row(event.what, after, answers) if after else 'taken back'}{was}{done}"
    if event.what == "undo":
        return f"undone, now as before: {_of(after or before, answers) if after else 'nothing'}"
    if event.what == "answer kept":
        return f"answer kept, for it says the same: {_row('answer', after, answers)}"
    return event.what


def _says(row: dict[str, Any]) -> bool:
    """Does a row say anything? An answer that nobody has marked does not."""
    return "question" not in row or row["points"] is not None or bool(row["comments"] or row["ticked"])


def _mark(row: dict[str, Any]) -> str:
    return str(row["status"]) if row["score"] is None else f"{row['score']:g} / {row['max_score']:g}"


def _of(row: dict[str, Any], answers: Answers) -> str:
    """A row of which nobody says what it is: by its columns."""
    kind = "answer" if "question" in row else "override" if "check" in row else (
        "reviewed" if "sha256" in row else "comment")
    return _row(kind, row, answers)


def _row(what: str, row: dict[str, Any], answers: Answers) -> str:
    if what == "override":
        return msgspec.convert(row, Override).told()
    if what == "answer":
        return answers.told(row)
    return str(row.get("text") or f"by {row['by']}")
