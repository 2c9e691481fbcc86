"""Verdicts -> a result: its status, its score, what made it."""

from __future__ import annotations

import json

import torch
from msgspec import structs

from grader import __version__
from grader.exercise.catalog import Exercise
from grader.exercise.released import handed_out, quoted
from grader.intake.bundle import REPLACED, notes_on
from grader.intake.pythons import HERE
from grader.judge import score
from grader.records import (
    AnySubmission,
    Cause,
    MadeBy,
    Mark,
    NeedsYou,
    NotebookFile,
    Result,
    Status,
    Submission,
    Unclear,
    Unreadable,
    Verdict,
    who,
)
from grader.wall.messages import CellEvent


def made_by(exercise: Exercise, *, seed: int, sandbox: str, device: str, layers: tuple[str, ...]) -> MadeBy:
    """What grades here and now."""
    return MadeBy(grader=__version__, exercise=exercise.settings.version, torch=str(torch.__version__),
                  python=HERE,
                  device=device, seed=seed, sandbox=sandbox, layers=layers)


def unreadable(submission: Unreadable, exercise: Exercise, made: MadeBy) -> Result:
    """Nothing of all points, by the student's fault, and why."""
    return structs.replace(_blank(submission, exercise, made), status=Status.UNREADABLE, score=0.0,
                           reason=submission.reason, said=submission.said)


def unclear(submission: Unclear, exercise: Exercise, made: MadeBy) -> Result:
    """No mark until the tutor says which of several files counts."""
    return structs.replace(_blank(submission, exercise, made), status=Status.UNCLEAR,
                           reason=submission.reason, said=submission.said, claims=submission.files,
                           needs_you=(NeedsYou(kind="unclear", reason=submission.reason,
                                               said=submission.said),))


def not_judged(submission: AnySubmission, exercise: Exercise, made: MadeBy, error: Exception) -> Result:
    """No mark: the grader itself failed."""
    return _withheld(submission, exercise, made, f"The grader could not judge it: {type(error).__name__}")


def not_started(submission: Submission, exercise: Exercise, made: MadeBy, why: str) -> Result:
    """No mark: the sandbox did not start, which is our fault."""
    return _withheld(submission, exercise, made, f"The sandbox did not start: {why}")


def _withheld(submission: AnySubmission, exercise: Exercise, made: MadeBy, reason: str) -> Result:
    return structs.replace(_blank(submission, exercise, made), reason=reason,
                           needs_you=(NeedsYou(kind="withheld", reason=reason),))


def judged(submission: Submission, exercise: Exercise, made: MadeBy, verdicts: tuple[Verdict, ...],
           events: tuple[CellEvent, ...]) -> Result:
    """The marks of what was observed; withheld where a check itself is broken."""
    given = handed_out(quoted(verdicts, events), submission.notebook, exercise)
    blank = structs.replace(_blank(submission, exercise, made), checks=verdicts, events=events, given=given,
                            needs_you=_not_simulated(verdicts))
    file = structs.replace(blank.notebook, first_error=_told(events[0]) if events else None)
    points, maximum = score(verdicts)
    maximum += exercise.settings.written_points
    broken = min((v for v in verdicts if v.mark is Mark.GRADER_ERROR), default=None,
                 key=lambda v: v.cause is Cause.ENVIRONMENT)
    if broken:
        if broken.cause is Cause.ENVIRONMENT:  # and so are all: what they want is said by each
            return structs.replace(blank, notebook=file, max_score=maximum, reason=broken.message,
                                   said=broken.said)
        reason = f"{broken.id}: {broken.message}"
        ours = NeedsYou(kind="withheld", reason=reason, checks=tuple(
            v.id for v in verdicts if v.mark is Mark.GRADER_ERROR and v.cause is not Cause.ENVIRONMENT))
        return structs.replace(blank, notebook=file, max_score=maximum, reason=reason,
                               needs_you=(ours, *blank.needs_you))
    return structs.replace(blank, notebook=file, status=Status.GRADED, score=points, max_score=maximum)


def _blank(submission: AnySubmission, exercise: Exercise, made: MadeBy) -> Result:
    """A result that says nothing of marks yet: withheld."""
    file = (NotebookFile(path="", sha256="") if isinstance(submission, Unclear)
            else NotebookFile(path=submission.path, sha256=submission.sha256))
    blank = Result(**who(submission), exercise=exercise.name, status=Status.WITHHELD, score=None,
                   max_score=exercise.settings.points + exercise.settings.written_points, checks=(),
                   made_by=made, title=exercise.settings.title, notebook=file,
                   later=exercise.settings.hidden_points, asked=exercise.asked)
    if not isinstance(submission, Submission):
        return blank
    notes = [note for note in submission.notes if note.template != REPLACED]
    replaced = exercise.brings.replaced(submission.files)
    cells = json.loads(submission.notebook)["cells"] if exercise.settings.written else ()
    return structs.replace(blank, files=submission.files, written=exercise.written(cells),
                           notes=(*notes, *notes_on({REPLACED: [*replaced]} if replaced else {})))


def _not_simulated(verdicts: tuple[Verdict, ...]) -> tuple[NeedsYou, ...]:
    """One for each thing that was asked of the simulated device in vain."""
    asked: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.cause is Cause.NOT_SIMULATED and verdict.said:
            asked.setdefault(verdict.said.values["message"], []).append(verdict)
    return tuple(NeedsYou(kind="not-simulated", checks=tuple(v.id for v in those),
                          reason=f"{', '.join(dict.fromkeys(f for v in those for f in v.functions))}: {what}")
                 for what, those in asked.items())


def _told(event: CellEvent) -> str:
    """The first cell that came to no good end, in a line."""
    return f"cell {event.cell + 1}: {event.error or event.cause.value}" + (
        f": {event.message}" if event.message else "")
