"""A tutor's own word on a check or on a submission: recorded, kept for another submission, dropped."""

from __future__ import annotations

import math
from pathlib import Path

from msgspec import Struct, structs

from grader import records
from grader.errors import Mendable
from grader.keep.gradebook import Gradebook, Key
from grader.keep.gradebook import points as points_of
from grader.keep.marking import Override, stale
from grader.keep.output import Output
from grader.keep.publish import opened, publish
from grader.keep.removal import chosen
from grader.keep.ruling import Ruled
from grader.report import persons, safe_text


class OverrideError(Mendable):
    """An override that cannot be recorded. One line, which says why."""


class Word(Struct, frozen=True, kw_only=True):
    """What a tutor says of one check, or of a submission as a whole."""

    check: str = ""            # "": the whole
    points: float | None = None
    bonus: float = 0.0
    comment: str = ""
    drop: bool = False         # take it back
    keep: bool = False         # one on an earlier submission holds for this one, too
    by: str = "tutor"


def override(out: Path, who: str, exercise: str, word: Word) -> str:
    """Record, keep or drop a tutor's own word on one submission.

    Args:
        out: the folder that a batch wrote.
        who: an id, or a name that only one person has.

    Returns:
        The submission's mark as it is now, for the tutor.

    Raises:
        OverrideError: there is no such check, it has fewer points, or nothing is said of it.
        GradebookError: there is no gradebook, or it cannot be read; or nobody, or several, are called so.
    """
    with opened(out) as book:
        key = chosen(book, who, out).person.id, exercise
        before = _result(book, who, key)
        if word.drop:
            _dropped(book, before, word)
        elif word.keep:
            _kept(book, before, word)
        else:
            checked(before, word)
            book.desk.override(Override(
                student=key[0], exercise=exercise, check=word.check, sha256=before.stamp, points=word.points,
                bonus=word.bonus, comment=word.comment, by=word.by))
        publish(book, Output(out), touched={key})
        rules = Ruled(book)
        was, mark = (points_of(rules.one(one)) for one in (before, _result(book, who, key)))
    return f"{safe_text.line(persons.shown(before.name, key[0]))} {exercise}: {mark} (before: {was})"


def _result(book: Gradebook, who: str, key: Key) -> records.Result:
    found = book.result(*key)
    if found is None:
        there = [exercise for student, exercise in book.counting() if student == key[0]]
        raise OverrideError(f"{who}: nothing was handed in for {key[1]!r}; there is "
                            f"{', '.join(there) or 'nothing of theirs'}")
    return found


def checked(result: records.Result, word: Word) -> None:
    """Refuse what cannot be recorded.

    Raises:
        OverrideError: there is no such check, it has fewer points, or nothing is said of it.
    """
    most, what = result.max_score, f"{result.exercise} as a whole"
    if word.check:
        check = _verdict(result, word.check)
        most, what = check.max_points, check.id
        if word.bonus:
            raise OverrideError(f"a bonus is for the submission as a whole: leave {word.check} out")
    if word.points is not None and not 0 <= word.points <= most:
        raise OverrideError(f"{what} has {most:g} points; {word.points:g} is not between 0 and that")
    if not 0 <= word.bonus < math.inf:
        raise OverrideError(f"a bonus of {word.bonus:g} points is none")
    if word.points is None and not word.bonus and not word.comment:
        raise OverrideError("say --points, --bonus, --comment, --keep or --drop")


def _verdict(result: records.Result, check: str) -> records.Verdict:
    found = {each.id: each for each in result.checks}
    if check not in found:
        raise OverrideError(f"{result.student} {result.exercise}: no check {check!r}; there "
                            + (f"are {', '.join(found)}" if found else "are none: " + result.reason))
    return found[check]


def _stale(book: Gradebook, result: records.Result, check: str) -> list[Override]:
    """The words on earlier submissions that are meant: of this check, or all."""
    there = book.desk.overrides(student=result.student, exercise=result.exercise)
    return [one for one in stale(result, there) if check in ("", one.check)]


def _kept(book: Gradebook, result: records.Result, word: Word) -> None:
    old = _stale(book, result, word.check)
    if not old:
        raise OverrideError(f"{result.student} {result.exercise}: there is no override of an earlier "
                            "submission to keep")
    book.desk.override(*(structs.replace(one, sha256=result.stamp, by=word.by, made_at="") for one in old))


def _dropped(book: Gradebook, result: records.Result, word: Word) -> None:
    there = book.desk.overrides(student=result.student, exercise=result.exercise)
    here = {one.check for one in there if one.sha256 == result.stamp and one.says}
    meant = {one.check for one in _stale(book, result, word.check)} | ({word.check} & here)
    if not meant:
        raise OverrideError(f"{result.student} {result.exercise}: there is no override "
                            + (f"of {word.check}" if word.check else "of the submission as a whole")
                            + (f"; there is one of {', '.join(sorted(here))}" if here else ""))
    for check in sorted(meant):
        book.desk.drop_override(result.student, result.exercise, check, result.stamp, by=word.by)


def lost_overrides(out: Path) -> list[str]:
    """A tutor's words on checks that are not there any more, each in one sentence.

    Raises:
        GradebookError: there is no gradebook, or it cannot be read.
    """
    with opened(out) as book:
        words, found = book.desk.by_submission(), []
        for one in book.judged(pictures=False):
            checks = {"", *(check.id for check in one.result.checks)}
            found += [f"the override of {o.student} {o.exercise} {o.check} counts no more: there is no such "
                      "check" for o in words.get(one.key, ())
                      if o.sha256 == one.result.stamp and o.check not in checks]
        return found
