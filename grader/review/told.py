"""What happened, in sentences."""

from __future__ import annotations

from typing import Any

import msgspec

from grader.keep.events import CHANGED, Event
from grader.keep.marking import Override

MOST = 160      # characters of a text that is told of


def can_be_undone(event: Event) -> bool:
    return event.what in CHANGED and not event.undone


def sentence(event: Event) -> str:
    """What somebody did, without who and when."""
    before, after = event.before or {}, event.after or {}
    match event.what:
        case "override":
            said = _words(event.after)
            was = f" (before: {_words(event.before)})" if event.before else ""
            return f"{said or 'took back the word on ' + _of(before)}{was}"
        case "reviewed":
            return "marked as reviewed" if event.after else "marked as not reviewed"
        case "comment":
            text = f"“{_short(str((after or before).get('text', '')))}”"
            verb = "added" if not event.before else "changed" if event.after else "deleted"
            return f"{verb} a comment of the bank: {text}"
        case "answer":
            return f"answer {after.get('question', '')}: {_given(after)}"
        case "answer kept":
            return f"answer {after.get('question', '')} says the same as before, and keeps its mark"
        case "graded" | "rejudged":
            return f"{event.what}: {_mark(after)}" + (f" (before: {_mark(before)})" if before else "")
        case "undo":
            return "undid a change"
    return _short(event.what)


def _words(row: Any) -> str:
    """An override's row; "" where there is none, or it cannot be read."""
    try:
        return _short(msgspec.convert(row, Override).told()) if row else ""
    except msgspec.ValidationError:
        return ""


def _given(row: dict[str, Any]) -> str:
    """What an answer's row gives it."""
    points, ticked, comments = row.get("points"), row.get("ticked") or [], row.get("comments") or []
    parts = ["" if points is None else f"{points:g} points",
             f"ticked: {_short('; '.join(map(str, ticked)))}" if ticked else "",
             f"{len(comments)} comment{'' if len(comments) == 1 else 's'}" if comments else ""]
    return ", ".join(filter(None, parts)) or "unmarked"


def _of(row: dict[str, Any]) -> str:
    return str(row.get("check") or "the whole")


def _mark(row: dict[str, Any]) -> str:
    score = row.get("score")
    return str(row.get("status", "")) if score is None else f"{score:g} / {row.get('max_score', 0):g}"


def _short(text: str) -> str:
    return text if len(text) <= MOST else f"{text[:MOST - 1]}…"
