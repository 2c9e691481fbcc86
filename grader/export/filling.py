"""What a tutor's sheet says before and after: who gets which mark, and why a cell stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.export.csv import number
from grader.export.out import ExportError
from grader.export.people import Own, Placed
from grader.intake.cells import Field
from grader.records import Result, Status
from grader.report import safe_text

EXCUSED = "excused"
NOTHING = ("", "-")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of what the tutor is shown."""

    student: str
    person: str
    heading: str                      # the column, where a sheet has several
    old: str
    new: str                          # "" where the cell stays
    why: str                          # it stays, or what to know of the new mark


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A sheet as it would be, and what is new in it."""

    content: bytes
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the tutor asks for."""

    replace: bool = False             # marks that are there already
    scale: bool = False               # our points to the sheet's maximum
    student: str | None = None        # this one only; who else there is still counts


@dataclass(frozen=True, kw_only=True)
class Marked:
    """One person's mark in one column."""

    score: float | None
    maximum: float
    why: str                          # there is no mark, or what it lacks


def refused(found: Placed, shown: Callable[[int], str]) -> list[Change]:
    """Who has no row, and where several would have the same.

    Args:
        shown: a row, for the tutor.
    """
    left = [(own, why) for own, why in found.left]
    for at, several in found.contested.items():
        who = " and ".join(own.shown for own in several)
        left += [(own, f"{who} fit the same row, {shown(at)}") for own in several]
    return [Change(student=own.student, person=own.shown, heading="", old="", new="", why=why)
            for own, why in left]


def full_marks(results: Iterable[Result]) -> dict[str, float]:
    """Exercise -> its maximum, as it was graded here."""
    found: dict[str, float] = {}
    graded: set[str] = set()
    for result in results:
        name = result.exercise
        if result.status is Status.GRADED and name not in graded:
            graded.add(name)
            found[name] = 0.0
        if result.status is Status.GRADED or name not in graded:
            found[name] = max(found.get(name, 0.0), result.max_score)
    return found


def marked(own: Own, full: Mapping[str, float]) -> Marked:
    """The sum over some exercises. What was not handed in adds nothing, what is excused is left out, a bonus
    is on top; no mark at all where one is withheld or unclear, or nothing was handed in.

    Args:
        full: those exercises, and the maximum of each.
    """
    by_name = {result.exercise: result for result in own.results if result.exercise in full}
    excused = [name for name, result in by_name.items() if result.status is Status.EXCUSED]
    full = {name: most for name, most in full.items() if name not in excused}
    there = {name: result for name, result in by_name.items()
             if result.status is not Status.MISSING and name in full}
    on_top = {name for name in full if (bonus := by_name.get(name)) and bonus.on_top}
    maximum = sum(there[name].max_score if name in there and there[name].status is Status.GRADED else most
                  for name, most in full.items() if name not in on_top or on_top == full.keys())
    blank = [f"{result.status.value}{_said(result)}" for result in there.values() if result.score is None]
    if blank or not there:
        return Marked(score=None, maximum=maximum, why="; ".join(blank) or (
            EXCUSED if excused and not full else "nothing handed in"))
    lacking = [name for name in full if name not in there]
    why = [f"excused from {', '.join(excused)}"] if excused else []
    why += [f"nothing handed in for {', '.join(lacking)}"] if lacking else []
    why += [f"late: {number(result.raw or 0.0)} - {number(result.penalty)}" for result in there.values()
            if result.penalty]
    return Marked(score=sum(result.score or 0.0 for result in there.values()), maximum=maximum,
                  why="; ".join(why))


def _said(result: Result) -> str:
    text = safe_text.no_commands(safe_text.line(result.reason, 100))
    return f" ({text})" if text else ""


class Scale:
    """Our points to the sheet's: the same, unless the tutor asks for more."""

    def __init__(self, wish: Wish, exercises: Collection[str], remedy: str) -> None:
        self._wish, self._exercises, self._remedy = wish, exercises, remedy
        self._same = False
        self._other: set[tuple[float, float]] = set()

    def __call__(self, mark: Marked, theirs: float | None) -> tuple[float | None, str]:
        """The score in the sheet's points, or why there is none."""
        score = mark.score
        if score is None:
            return None, mark.why
        if theirs is None or theirs == mark.maximum:
            self._same = self._same or theirs is not None
        else:
            self._other.add((mark.maximum, theirs))
            if not self._wish.scale:
                return None, f"out of {number(mark.maximum)}, and the sheet's maximum is {number(theirs)}"
            score = score * theirs / mark.maximum if mark.maximum else 0.0
        if score < 0 or (theirs is not None and score > theirs + 1e-9):
            return None, f"{number(score)} is not between 0 and the sheet's maximum"
        return round(score, 2), mark.why

    def notes(self) -> list[str]:
        """How points were scaled, in words.

        Raises:
            ExportError: nobody's maximum is the sheet's, and the tutor did not ask to scale.
        """
        pairs = sorted(self._other)
        if pairs and not self._wish.scale and not self._same:
            ours, theirs = pairs[0]
            several = " or pick some of them with --only," if len(self._exercises) > 1 else ""
            raise ExportError(f"{' + '.join(self._exercises)}: {number(ours)} points, and the sheet's "
                              f"maximum is {number(theirs)}: {self._remedy},{several} or give --scale, which "
                              f"makes {number(ours)} points {number(theirs)}")
        if not self._wish.scale:
            return []
        return [f"scaled: {number(ours)} points are the sheet's {number(theirs)}, each counts "
                f"{number(theirs / ours)}" for ours, theirs in pairs if ours]


def decided(cell: Field, score: float | None, why: str, wish: Wish, *, comma: bool) -> tuple[str, str]:
    """What to write into a cell, "" for nothing, and what to say of it."""
    old = cell.value.strip()
    if score is None:
        return "", why
    text = number(score).replace(".", ",") if comma else number(score)
    if cell.number == score:
        return "", "the same already"
    if old not in NOTHING and not wish.replace:
        return "", f"has a mark already, {text} is not written; --replace writes it"
    return text, why


def summary(changes: Sequence[Change]) -> str:
    """How many, in a line."""
    new = sum(bool(change.new) for change in changes)
    return f"{new} new, {len(changes) - new} left as they were"
