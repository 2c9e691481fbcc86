"""A marker's word on a check or on a submission: from a form into the gradebook, never over somebody else's
unseen."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

from msgspec import Struct

from grader.errors import Mendable
from grader.keep.gradebook import Gradebook
from grader.keep.marking import Override
from grader.keep.written import Comment
from grader.records import Result, Verdict

MOST_COMMENT = 10_000     # characters
NOTHING = "-"             # the version of what nobody has said anything of


class FormError(Mendable):
    """What was typed cannot be recorded. One line."""


class Changed(Mendable):
    """Somebody else has changed it since it was shown; says who, and what stands there now."""


class Word(Struct, frozen=True, kw_only=True):
    """What a form says."""

    student: str
    exercise: str
    check: str = ""          # "": the submission as a whole
    sha256: str = ""         # of the submission that was shown
    was: str = NOTHING       # the version of the word that was shown
    points: str = ""
    bonus: str = ""
    comment: str = ""
    do: str = "save"         # "save", "forgive", "drop"
    remark: str = ""         # the id of a comment of the bank, to be said too


def number(text: str, what: str, most: float) -> float | None:
    """A number between nothing and the maximum, with a decimal point or comma; None of an empty field.

    Raises:
        FormError: it is none.
    """
    if not text.strip():
        return None
    try:
        found = float(text.strip().replace(",", "."))
    except ValueError:
        found = math.nan
    if not 0 <= found <= most:
        raise FormError(f"{what}: {text.strip()[:20]!r} is no number from 0 to {most:g}")
    return found


def version(word: Override | None) -> str:
    """Changes with whatever is said."""
    if word is None:
        return NOTHING
    said = repr((word.points, word.bonus, word.comment, word.by, word.made_at))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def standing(words: Iterable[Override], result: Result) -> dict[str, Override]:
    """Check -> what is said of it on this submission."""
    return {one.check: one for one in words if one.sha256 == result.stamp}


def say(book: Gradebook, word: Word, remarks: Mapping[int, Comment], *, by: str) -> None:
    """Record it.

    Raises:
        Changed: another submission counts now, or somebody else's word has come between.
        FormError: there is no such check, or more points than it has.
    """
    result = book.result(word.student, word.exercise)
    if result is None:
        raise FormError("this submission is gone")
    if result.stamp != word.sha256:
        raise Changed("Another submission counts now: look at that one")
    words = book.desk.overrides(student=word.student, exercise=word.exercise)
    there = standing(words, result).get(word.check)
    if version(there) != word.was:
        raise Changed(f"{there.by if there else 'Somebody'} was here before you: "
                      f"{there.told() if there else 'nothing is said any more'}")
    check = _check(result, word.check)
    if word.do == "drop":
        book.desk.drop_override(word.student, word.exercise, word.check, result.stamp, by=by)
        return
    said = _override(result, check, word, _remark(remarks, word.remark), by)
    if there is None or (there.points, there.bonus, there.comment) != (said.points, said.bonus, said.comment):
        book.desk.override(said)


def _check(result: Result, id: str) -> Verdict | None:
    """None: the submission as a whole."""
    if not id:
        return None
    for one in result.checks:
        if one.id == id:
            return one
    raise FormError(f"there is no check {id[:40]!r}")


def _remark(remarks: Mapping[int, Comment], id: str) -> Comment | None:
    if not id:
        return None
    found = remarks.get(int(id)) if id.isdecimal() else None
    if found is None:
        raise FormError("this comment is not in the bank any more")
    return found


def _override(result: Result, check: Verdict | None, word: Word, remark: Comment | None,
              by: str) -> Override:
    most = check.max_points if check else result.max_score
    points = most if word.do == "forgive" else number(word.points, "points", most)
    bonus = 0.0 if check else number(word.bonus, "bonus", result.max_score) or 0.0
    comment = word.comment.replace("\r\n", "\n").strip()
    if remark:
        comment = said_too(comment, remark.text)
        points = shifted(points, check, result, remark.points, most)
    if len(comment) > MOST_COMMENT:
        raise FormError(f"a comment has at most {MOST_COMMENT} characters, and this one {len(comment)}")
    return Override(student=word.student, exercise=word.exercise, check=word.check, sha256=result.stamp,
                    points=points, bonus=bonus, comment=comment, by=by)


def said_too(comment: str, text: str) -> str:
    """A comment with another one as a paragraph of its own, once."""
    return comment if says(comment, text) else "\n\n".join(filter(None, (comment, text)))


def says(comment: str, text: str) -> bool:
    """Is the one a paragraph, or several, of the other?"""
    return f"\n\n{text}\n\n" in f"\n\n{comment}\n\n"


def said_anew(comment: str, text: str, instead: str) -> str:
    """A comment with a paragraph in other words."""
    return f"\n\n{comment}\n\n".replace(f"\n\n{text}\n\n", f"\n\n{instead}\n\n").strip("\n")


def shifted(points: float | None, check: Verdict | None, result: Result, by: float | None,
            most: float) -> float | None:
    """The points with those of a comment on top, or taken off."""
    if by is None:
        return points
    now = points if points is not None else check.points if check else result.score
    if now is None:
        return None
    base = now - (result.bonus if points is None and not check else 0.0)
    return min(max(base + by, 0.0), most)
