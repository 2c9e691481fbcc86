"""What a tutor gave for written answers, and what it makes of a result. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct, structs

from grader.keep.marking import Override, overridden
from grader.keep.written import Answer, Comment
from grader.locale import N_
from grader.records import NeedsYou, Result, RubricItem, Sentence, Status, WrittenAnswer

TO_MARK = N_("Written answers that are not marked yet: %(answers)s.")
Key = tuple[str, str]                      # student, exercise


class Question(Struct, frozen=True, kw_only=True):
    """A question of an exercise, as it was asked of those who handed in."""

    exercise: str
    id: str
    question: str                          # the text of its cell, Markdown
    max_points: float
    rubric: tuple[RubricItem, ...]


@dataclass(frozen=True, kw_only=True)
class Words:
    """All that tutors have said of marks: overrides, marks of written answers, and the bank of comments."""

    overrides: Mapping[Key, Sequence[Override]] = field(default_factory=dict)
    answers: Mapping[Key, Sequence[Answer]] = field(default_factory=dict)
    comments: Mapping[int, Comment] = field(default_factory=dict)

    def applied(self, result: Result) -> Result:
        """A result, as judged, with what was said of it; and what is left to mark."""
        key = result.student, result.exercise
        result = answered(result, self.answers.get(key, ()), self.comments)
        result = overridden(result, self.overrides.get(key, ()))
        if not result.provisional:
            return result
        values = {"answers": ", ".join(one.id for one in result.written if one.waits)}
        return structs.replace(result, needs_you=(*result.needs_you, NeedsYou(
            kind="written-answer", reason=TO_MARK % values, said=Sentence(template=TO_MARK, values=values))))


def final(result: Result) -> Result:
    """A result as those see it who want no mark that will change."""
    return structs.replace(result, score=None, status=Status.PROVISIONAL) if result.provisional else result


def worth(points: float | None, comments: Iterable[float | None], most: float,
          rubric: Sequence[RubricItem] = (), ticked: Collection[str] = ()) -> float | None:
    """The points of an answer, from 0 to `most`; None: it is unmarked.

    Those that a tutor typed count. Without them it is the sum of the ticked items' and the comments'; where
    nothing is ticked and comments only take off, what they leave of `most`. Whose tick is on an item that the
    rubric has in other words now is unmarked.

    Args:
        points: typed for this answer.
        comments: what each comment carries.
    """
    carried = [each for each in comments if each is not None]
    items = {item.text: item.points for item in rubric}
    if points is None and ticked and any(items.values()):
        points = sum(map(items.__getitem__, ticked)) + sum(carried) if items.keys() >= {*ticked} else None
    elif points is None and carried:
        off = min(carried) < 0 and max(carried) <= 0
        points = sum(carried) + (most if off else 0.0)
    if points is None:
        return None
    return most if math.isclose(points, most) else min(max(points, 0.0), most)


def answered(result: Result, given: Iterable[Answer], comments: Mapping[int, Comment]) -> Result:
    """A result with the marks of its written answers.

    Args:
        result: as judged.
        given: of the submissions that count; those of this one are taken, where the text is as it was read.
        comments: the bank.
    """
    there = {(one.question, one.text): one for one in given if one.sha256 == result.stamp}
    written = tuple(_marked(one, there.get((one.id, one.text or "")), comments) for one in result.written)
    score = result.score if result.score is None or result.status is not Status.GRADED else (
        result.score + sum(one.points or 0.0 for one in written))
    return structs.replace(result, written=written, score=score)


def _marked(one: WrittenAnswer, answer: Answer | None, comments: Mapping[int, Comment]) -> WrittenAnswer:
    if answer is None:
        return one
    said = [comments[id] for id in answer.comments if id in comments]
    points = worth(answer.points, [comment.points for comment in said], one.max_points, one.rubric,
                   answer.ticked)
    return structs.replace(one, points=points, by=answer.by, ticked=answer.ticked, comments=tuple(
        comment.text for comment in said if comment.text))


def folded(text: str) -> str:
    """What two answers have in common that say the same."""
    return " ".join(text.split()).casefold()


def together(answers: Iterable[Answer]) -> list[list[Answer]]:
    """Answers of one question in groups of the same words, white space and capitals apart; the largest group
    first, those that say nothing last."""
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(folded(one.text), []).append(one)
    order = sorted(groups, key=lambda words: (not words, -len(groups[words]), words))
    return [groups[words] for words in order]


def questions(results: Iterable[Result]) -> list[Question]:
    """Every question that was asked, by exercise, each once and as the exercise has it: in the order of the
    last result that has it."""
    found = {(one.exercise, answer.id): Question(
        exercise=one.exercise, id=answer.id, question=answer.question, max_points=answer.max_points,
        rubric=answer.rubric) for one in results for answer in one.written}
    return sorted(found.values(), key=lambda question: question.exercise)
