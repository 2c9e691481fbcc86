"""Written answers in the terminal: what is left to mark, and marking them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.errors import Mendable
from grader.keep.answers import Question, together, worth
from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from grader.keep.publish import opened, publish
from grader.keep.removal import chosen
from grader.keep.written import Answer
from grader.report import safe_text

SHOWN = 12                                 # lines of an answer
NAMED = 6                                  # people of a group


class MarkError(Mendable):
    """An answer that cannot be marked so. One line, which says why."""


def left(out: Path, exercise: str | None = None, question: str | None = None) -> list[str]:
    """What there is to mark, in lines: each question, or with `question` the answers to it.

    Raises:
        MarkError: there is no such question.
        GradebookError: there is no gradebook, or it cannot be read.
    """
    with opened(out) as book:
        asked = _asked(book, exercise, question)
        carried = _carried(book)
        if question is not None:
            (one,) = asked
            return [*_question(one), *_answers(book, one, carried)]
        return [_left(one, book.written.answers(exercise=one.exercise, question=one.id), carried)
                for one in asked]


def mark(out: Path, where: tuple[str, str, str], *, points: float | None, comment: str, by: str,
         ticks: Sequence[int] = (), alone: bool = False, unmark: bool = False) -> str:
    """Mark somebody's answer, and with it those of everybody who wrote the same.

    Args:
        where: exercise, question and person (an id, or a name that only one has).
        points: None: only a comment is given, and the points stay.
        comment: one of the bank's, or a new one, in Markdown.
        ticks: numbers of the rubric's items, from 1: these it has, and no other. Without `points` it gets
            theirs.
        alone: leave those who wrote the same as they are.
        unmark: take points and comments back.

    Returns:
        What became of how many, for the tutor.

    Raises:
        MarkError: there is no such question or answer, or it has fewer points.
        GradebookError: there is no gradebook, or it cannot be read; or nobody, or several, are called so.
    """
    exercise, question, who = where
    with opened(out) as book:
        (asked,) = _asked(book, exercise, question)
        student = chosen(book, who, out).person.id
        group = _group(book, asked, who, student, alone=alone)
        if unmark:
            book.written.mark([one.key for one in group], points=None, by=by)
        else:
            _give(book, asked, group, points=points, comment=comment, ticked=_items(asked, ticks), by=by)
        publish(book, Output(out), touched={(one.student, one.exercise) for one in group})
        given = _worth(_group(book, asked, who, student, alone=True)[0], asked, _carried(book))
    others = f", and {len(group) - 1} who wrote the same" if len(group) > 1 else ""
    said = ("a comment" if points is None and not ticks and not unmark else "unmarked" if given is None
            else f"{given:g} / {asked.max_points:g}")
    return f"{safe_text.line(exercise)} {asked.id}: {safe_text.line(who)}{others}: {said}"


def _items(asked: Question, ticks: Sequence[int]) -> list[str]:
    """The texts of the rubric's items of these numbers."""
    if odd := [number for number in ticks if not 1 <= number <= len(asked.rubric)]:
        raise MarkError(f"--tick {odd[0]}: the rubric of {asked.id} has {len(asked.rubric) or 'no'} items"
                        + (", from 1" if asked.rubric else ""))
    return [asked.rubric[number - 1].text for number in ticks]


def _give(book: Gradebook, asked: Question, group: Sequence[Answer], *, points: float | None, comment: str,
          ticked: Sequence[str], by: str) -> None:
    if points is None and not comment and not ticked:
        raise MarkError("say --points, --tick, --comment or --unmark")
    if points is not None and not 0 <= points <= asked.max_points:
        raise MarkError(f"{asked.id} has {asked.max_points:g} points; {points:g} is not between 0 and that")
    said = [_comment(book, asked.exercise, comment, by)] if comment else []
    alike: dict[tuple[float | None, tuple[int, ...], tuple[str, ...]], list[Answer]] = {}
    for one in group:   # each keeps what is not said anew; what is ticked gives the points anew
        kept = None if ticked else one.points
        became = kept if points is None else points, tuple(said) or one.comments, tuple(ticked) or one.ticked
        alike.setdefault(became, []).append(one)
    for (given, comments, ticks), those in alike.items():
        book.written.mark([one.key for one in those], points=given, comments=comments, ticked=ticks, by=by)


def _comment(book: Gradebook, exercise: str, text: str, by: str) -> int:
    there = next((one.id for one in book.written.comments(exercise) if one.text == text), None)
    return there or book.written.add_comment(text, by=by, exercise=exercise)


def _asked(book: Gradebook, exercise: str | None, question: str | None) -> list[Question]:
    there = book.questions()
    found = [one for one in there if exercise in (None, one.exercise) and question in (None, one.id)]
    if not found and (exercise or not there):
        known = ", ".join(f"{one.exercise} {one.id}" for one in there)
        raise MarkError(f"there is no such written answer; there are {known}" if known else
                        "nobody was asked to write an answer")
    return found


def _group(book: Gradebook, asked: Question, who: str, student: str, *, alone: bool) -> list[Answer]:
    groups = together(book.written.answers(exercise=asked.exercise, question=asked.id))
    for group in groups:
        if own := [one for one in group if one.student == student]:
            return own if alone else group
    raise MarkError(f"{who}: nothing was handed in for {asked.exercise!r}")


def _carried(book: Gradebook) -> dict[int, float | None]:
    """What each comment of the bank carries."""
    return {comment.id: comment.points for comment in book.written.comments()}


def _worth(one: Answer, asked: Question, carried: dict[int, float | None]) -> float | None:
    return worth(one.points, [carried.get(id) for id in one.comments], asked.max_points, asked.rubric,
                 one.ticked)


def _left(one: Question, given: Sequence[Answer], carried: dict[int, float | None]) -> str:
    unmarked = [each for each in given if _worth(each, one, carried) is None]
    empty = sum(not each.text for each in unmarked)
    return (f"{safe_text.line(one.exercise)} {one.id}: {one.max_points:g} points, {len(unmarked)} of "
            f"{len(given)} not marked" + (f", {empty} of them empty" if empty else ""))


def _question(one: Question) -> Iterator[str]:
    yield f"{safe_text.line(one.exercise)} {one.id}: {one.max_points:g} points"
    yield from _indented(one.question)
    for number, item in enumerate(one.rubric, 1):
        yield f"  {number}. {safe_text.line(item.text)}" + (f" ({item.points:g})" if item.points else "")


def _answers(book: Gradebook, one: Question, carried: dict[int, float | None]) -> Iterator[str]:
    """The groups of equal answers, those first that are not marked."""
    groups = together(book.written.answers(exercise=one.exercise, question=one.id))
    marks = [{_worth(each, one, carried) for each in group} for group in groups]
    order = sorted(range(len(groups)), key=lambda number: None not in marks[number])
    for number in order:
        group = groups[number]
        given = ", ".join(sorted("not marked" if points is None else f"{points:g}"
                                 for points in marks[number]))
        yield ""
        yield f"{_people(one.student for one in group)}: {given}"
        yield from _indented(group[0].text or "(empty)")


def _people(students: Iterable[str]) -> str:
    names = [safe_text.line(student) for student in students]
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _indented(text: str) -> list[str]:
    lines = safe_text.no_commands(safe_text.block(text)).strip().split("\n")
    return [f"  {line}" for line in lines[:SHOWN]] + (["  […]"] if len(lines) > SHOWN else [])
