"""A tutor's own word on one check: recorded, dropped, and told of where its check is gone."""

from __future__ import annotations

from pathlib import Path

from grader import records
from grader.errors import Mendable
from grader.keep.gradebook import points as points_of
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.publish import opened, publish
from grader.keep.removal import chosen
from grader.report import persons, safe_text


class OverrideError(Mendable):
    """An override that cannot be recorded. One line, which says why."""


def override(out: Path, where: tuple[str, str, str], *, points: float | None, comment: str,
             drop: bool) -> str:
    """Record or drop a tutor's own word on one check.

    Args:
        out: the folder that a batch wrote.
        where: student (an id, or a name that only one person has), exercise and check.
        points: None leaves the mark as it is.
        comment: for the student.
        drop: take the word back; then `points` and `comment` do not count.

    Returns:
        The submission's mark as it is now, for the tutor.

    Raises:
        OverrideError: there is no such check, it has fewer points, or nothing is said of it.
        GradebookError: there is no gradebook, or it cannot be read; or nobody, or several, are called so.
    """
    who, exercise, check = where
    with opened(out) as book:
        results = book.results()
        student = who if any(one.student == who for one in results) else chosen(book, who, out).person.id
        own = [one for one in results if one.student == student]
        found = [one for one in own if one.exercise == exercise]
        if not found:
            raise OverrideError(f"{who}: nothing was handed in for {exercise!r}; there is "
                                f"{', '.join(one.exercise for one in own) or 'nothing of theirs'}")
        ids = [c.id for c in found[0].checks]
        if check not in ids:
            raise OverrideError(f"{who} {exercise}: no check {check!r}; there "
                                + (f"are {', '.join(ids)}" if ids else "are none: " + found[0].reason))
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
    return (f"{safe_text.line(persons.shown(found[0].name, student))} {exercise}: {mark} "
            f"(before: {points_of(found[0])})")


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
