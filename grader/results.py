"""Verdicts -> a result: its status, its score, what made it."""

from __future__ import annotations

import torch
from msgspec import structs

from grader import __version__
from grader.exercise.catalog import Exercise
from grader.intake.bundle import REPLACED, notes_on
from grader.judge import score
from grader.records import (
    MadeBy,
    Mark,
    NotebookFile,
    Result,
    Status,
    Submission,
    Unreadable,
    Verdict,
)
from grader.wall.messages import CellEvent


def made_by(exercise: Exercise, *, seed: int, sandbox: str, device: str) -> MadeBy:
    """What grades here and now."""
    return MadeBy(grader=__version__, exercise=exercise.settings.version, torch=str(torch.__version__),
                  device=device, seed=seed, sandbox=sandbox)


def unreadable(submission: Unreadable, exercise: Exercise, made: MadeBy) -> Result:
    """Nothing of all points, by the student's fault, and why."""
    return structs.replace(_blank(submission, exercise, made), status=Status.UNREADABLE, score=0.0,
                           reason=submission.reason, said=submission.said)


def not_started(submission: Submission, exercise: Exercise, made: MadeBy, why: str) -> Result:
    """No mark: the sandbox did not start, which is our fault."""
    return structs.replace(_blank(submission, exercise, made),
                           reason=f"The sandbox did not start: {why}")


def judged(submission: Submission, exercise: Exercise, made: MadeBy, verdicts: tuple[Verdict, ...],
           events: tuple[CellEvent, ...]) -> Result:
    """The marks of what was observed; withheld where a check itself is broken."""
    blank = structs.replace(_blank(submission, exercise, made), checks=verdicts, events=events)
    file = structs.replace(blank.notebook, first_error=_told(events[0]) if events else None)
    points, maximum = score(verdicts)
    broken = next((v for v in verdicts if v.mark is Mark.GRADER_ERROR), None)
    if broken:
        return structs.replace(blank, notebook=file, max_score=maximum,
                               reason=f"{broken.id}: {broken.message}")
    return structs.replace(blank, notebook=file, status=Status.GRADED, score=points, max_score=maximum)


def _blank(submission: Submission | Unreadable, exercise: Exercise, made: MadeBy) -> Result:
    """A result that says nothing of marks yet: withheld."""
    blank = Result(student=submission.student, exercise=exercise.name, status=Status.WITHHELD, score=None,
                   max_score=exercise.settings.points, checks=(), made_by=made,
                   title=exercise.settings.title,
                   notebook=NotebookFile(path=submission.path, sha256=submission.sha256))
    if isinstance(submission, Unreadable):
        return blank
    notes = [note for note in submission.notes if note.template != REPLACED]
    replaced = exercise.brings.replaced(submission.files)
    return structs.replace(blank, files=submission.files,
                           notes=(*notes, *notes_on({REPLACED: [*replaced]} if replaced else {})))


def _told(event: CellEvent) -> str:
    """The first cell that came to no good end, in a line."""
    return f"cell {event.cell + 1}: {event.error or event.cause.value}" + (
        f": {event.message}" if event.message else "")
