"""A tutor's own word on one check: recorded, dropped, and told of where its check is gone."""

from __future__ import annotations

from pathlib import Path

from grader import records
from grader.errors import Mendable
from grader.keep.gradebook import Gradebook
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
        student = chosen(book, who, out).person.id
        before = _result(book, who, student, exercise)
        verdict = _verdict(before, who, check)
        if drop:
            book.desk.drop_override(student, exercise, check, before.stamp, by="tutor")
        elif points is None and not comment:
            raise OverrideError("say --points, --comment or --drop")
        else:
            _within(points, verdict)
            book.desk.override(Override(student=student, exercise=exercise, check=check, points=points,
                                        sha256=before.stamp, comment=comment))
        publish(book, Output(out), touched={(student, exercise)})
        mark = points_of(_result(book, who, student, exercise))
    return (f"{safe_text.line(persons.shown(before.name, student))} {exercise}: {mark} "
            f"(before: {points_of(before)})")


def _result(book: Gradebook, who: str, student: str, exercise: str) -> records.Result:
    own = {one.exercise: one for one in book.results() if one.student == student}
    if exercise not in own:
        raise OverrideError(f"{who}: nothing was handed in for {exercise!r}; there is "
                            f"{', '.join(own) or 'nothing of theirs'}")
    return own[exercise]


def _verdict(result: records.Result, who: str, check: str) -> records.Verdict:
    found = {each.id: each for each in result.checks}
    if check not in found:
        raise OverrideError(f"{who} {result.exercise}: no check {check!r}; there "
                            + (f"are {', '.join(found)}" if found else "are none: " + result.reason))
    return found[check]


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
                for o in book.desk.overrides() if (o.student, o.exercise, o.check) not in there]
