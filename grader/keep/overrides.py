"""A tutor's own word on one check: recorded, dropped, and told of where its check is gone."""

from __future__ import annotations

from pathlib import Path

from grader import records
from grader.errors import Mendable
from grader.keep.gradebook import points as points_of
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import opened, publish


class OverrideError(Mendable):
    """An override that cannot be recorded. One line, which says why."""


def override(out: Path, where: tuple[str, str, str], *, points: float | None, comment: str,
             drop: bool) -> str:
    """Record or drop a tutor's own word on one check.

    Args:
        out: the folder that a batch wrote.
        where: student, exercise and check.
        points: None leaves the mark as it is.
        comment: for the student.
        drop: take the word back; then `points` and `comment` do not count.

    Returns:
        The submission's mark as it is now, for the tutor.

    Raises:
        OverrideError: there is no such check, it has fewer points, or nothing is said of it.
        GradebookError: there is no gradebook, or it cannot be read.
    """
    student, exercise, check = where
    with opened(out) as book:
        found = [e.result for e in book.entries()
                 if (e.result.student, e.result.exercise) == (student, exercise)]
        ids = [c.id for result in found for c in result.checks]
        if check not in ids:
            raise OverrideError(f"no check {check!r} of {student!r} in {exercise!r}; "
                              + (f"there are {', '.join(ids)}" if ids
                                 else "there is no such result with checks"))
        if drop:
            book.drop_override(student, exercise, check)
        elif points is None and not comment:
            raise OverrideError("say --points, --comment or --drop")
        else:
            _within(points, next(c for c in found[0].checks if c.id == check))
            book.override(Override(student=student, exercise=exercise, check=check, points=points,
                                   comment=comment))
        publish(book, Output(out), touched={(student, exercise)})
        mark = next(points_of(x) for x in book.results() if (x.student, x.exercise) == (student, exercise))
    return f"{student} {exercise}: {mark}"


def _within(points: float | None, check: records.Verdict) -> None:
    if points is not None and not 0 <= points <= check.max_points:
        raise OverrideError(f"{check.id} has {check.max_points:g} points; {points:g} is not between 0 and "
                            "that")


def lost_overrides(out: Path) -> list[str]:
    """A tutor's words on checks that are not there any more, each in one sentence.

    Raises:
        GradebookError: there is no gradebook, or it cannot be read.
    """
    with opened(out) as book:
        there = {(x.student, x.exercise, c.id) for x in book.results() for c in x.checks}
        return [f"the override of {o.student} {o.exercise} {o.check} counts no more: there is no such check"
                for o in book.overrides() if (o.student, o.exercise, o.check) not in there]
