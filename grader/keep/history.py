"""What happened to a person's marks, when, and by whom; and back again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from grader.keep.events import CHANGED, Event
from grader.keep.gradebook import Key, points
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import everybody, opened, publish
from grader.keep.removal import chosen
from grader.records import Result


def history(out: Path, who: str) -> list[str]:
    """A line for each event: its number, when, by whom, the exercise, what happened.

    Args:
        who: an id, or a name that only one person has.
    """
    with opened(out) as book:
        student = chosen(book, who, out).person.id
        return [" ".join(filter(None, [f"{one.id}:", one.at, one.by, f"{one.exercise}:", told(one)]))
                for one in book.desk.events(student=student)]


def undo(out: Path, event: int | None, *, by: str) -> list[str]:
    """Take a word of a tutor's back, the last one or that of this number; returns what it was, and each mark
    that it moved, before and after.

    Raises:
        UndoError: there is none, or something else has been said since.
    """
    with opened(out) as book:
        before = _marks(everybody(book, pictures=False))
        found = book.desk.undo(event, by=by)
        touched = (found.student, found.exercise)
        after = _marks(publish(book, Output(out), touched={touched}))
    whose = " ".join(filter(None, touched))
    moved = [f"{' '.join(key)}: {was} -> {after[key]}" for key, was in before.items() if after[key] != was]
    stays = [f"{whose}: {after[touched]} stays"] if touched in after and after[touched] == before[touched] else []
    return [f"undone: {found.id}, {whose}: {told(found)}", *stays, *moved]


def _marks(results: Iterable[Result]) -> dict[Key, str]:
    return {(one.student, one.exercise): points(one) for one in results}


def told(event: Event) -> str:
    """What happened, in a line."""
    before, after = event.before, event.after
    if event.what in ("graded", "rejudged"):
        was = f"{_mark(before)} -> " if before and _mark(before) != _mark(after) else ""
        attempt = f", attempt {after['attempt']}" if after["attempt"] else ""
        return f"{event.what}: {was}{_mark(after)}{attempt}"
    if event.what in CHANGED:
        done = " (undone since)" if event.undone else ""
        was = f", before: {_row(event.what, before)}" if before else ""
        return f"{event.what} {_row(event.what, after) if after else 'taken back'}{was}{done}"
    if event.what == "undo":
        return f"undone, now as before: {_of(after or before) if after else 'nothing'}"
    return event.what


def _mark(row: dict[str, Any]) -> str:
    return str(row["status"]) if row["score"] is None else f"{row['score']:g} / {row['max_score']:g}"


def _of(row: dict[str, Any]) -> str:
    """A row of which nobody says what it is: by its columns."""
    kind = "answer" if "question" in row else "override" if "check" in row else (
        "reviewed" if "sha256" in row else "comment")
    return _row(kind, row)


def _row(what: str, row: dict[str, Any]) -> str:
    if what == "override":
        return msgspec.convert(row, Override).told()
    if what == "answer":
        return f"{row['question']}: " + ("unmarked" if row["points"] is None else f"{row['points']:g} points")
    return str(row.get("text") or f"by {row['by']}")


