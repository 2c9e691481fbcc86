"""Moodle: the tutor's downloaded grading worksheet, filled in place."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from grader import records
from grader.export.filling import Change, Filled, Scale, Wish, decided, full_marks, marked, refused
from grader.export.people import Own, Placed, owned, placed
from grader.export.worksheet import Worksheet, of_today
from grader.intake.cells import Field
from grader.intake.spelling import folded_name
from grader.report.story import tell

_REMEDY = "set the assignment's maximum in Moodle and download the worksheet again"


def fill(results: Sequence[records.Result], worksheet: Path, *, everybody: Iterable[records.Result],
         wish: Wish, language: str = "en") -> Filled:
    """Fill the worksheet with each person's total over the results, and the first thing to do into its
    feedback.

    Args:
        results: of the exercises that the worksheet is for.
        everybody: all results there are, also of other exercises: a name that two have is nobody's.

    Raises:
        ExportError: it is no worksheet, or its maximum is another and the tutor did not ask to scale.
    """
    sheet = Worksheet(worksheet)
    full = full_marks(results)
    scale = Scale(wish, full, _REMEDY)
    found = placed(owned(map(of_today, results)), sheet.finder(everybody))
    changes = refused(found, sheet.shown)
    edits: list[tuple[Field, str]] = []
    for at, own in sorted(found.rows.items()):
        score, why = scale(marked(own, full), sheet.maximum(at))
        new, why = decided(sheet.grade(at), score, why, wish, comma=sheet.decimal_comma)
        if score is not None and sheet.locked(at):
            new, why = "", "locked in Moodle"
        changes.append(Change(student=own.student, person=sheet.shown(at), heading="", new=new,
                              old=sheet.grade(at).value, why="; ".join(filter(None, (_team(own, sheet, at),
                                                                                     why)))))
        if new and wish.student in (None, own.student):
            edits += [(sheet.grade(at), new), *_feedback(sheet.comment(at), own, full, wish, language)]
    notes = [*_summed(full), *scale.notes(), *_nobodys(sheet, found)]
    return Filled(content=sheet.with_edits(edits), notes=tuple(notes),
                  changes=tuple(one for one in changes if wish.student in (None, one.student)))


def _team(own: Own, sheet: Worksheet, at: int) -> str:
    """Of a team's row, whose mark it is."""
    as_one = not own.member and folded_name(own.team or own.name or own.student) == sheet.group(at)
    return f"as {own.shown}" if as_one and sheet.group(at) else ""


def _summed(full: Collection[str]) -> list[str]:
    return [f"each mark is the sum of {', '.join(full)}; --only picks some"] if len(full) > 1 else []


def _nobodys(sheet: Worksheet, found: Placed) -> list[str]:
    rows = len(sheet.rows) - len(found.rows) - len(found.contested)
    return [f"{rows} {'row' if rows == 1 else 'rows'} of the sheet with no result here"] if rows else []


def _feedback(cell: Field | None, own: Own, full: Collection[str], wish: Wish,
              language: str) -> list[tuple[Field, str]]:
    """What Moodle shows beside the grade, unless somebody has written there."""
    if cell is None or (cell.value.strip() and not wish.replace):
        return []
    return [(cell, "".join(_comment(result, language) for result in own.results if result.exercise in full
                           and result.score is not None))]


def _comment(result: records.Result, language: str) -> str:
    """A mark and the first thing to do. Moodle takes HTML, so everything of ours is escaped."""
    story = tell(result, "", language=language)
    lines = [f"{story.title}: {story.score} / {story.max_score} {story.words.gettext('points')}",
             *story.by_tutor, story.reason, story.comment]
    lines += [f"{item.word}: {item.title} {item.advice}" for item in story.to_do[:1]]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines if line.strip())
