"""Written answers to one question across the class: equal ones together, marked at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.keep import answers as marks
from grader.keep.answers import Question
from grader.keep.gradebook import Gradebook
from grader.keep.written import Answer, Comment
from grader.review.words import Changed, FormError, number

Questions = Mapping[tuple[str, str], Question]     # by exercise and id


@dataclass(frozen=True)
class Same:
    """Answers that say the same, white space and capitals aside."""

    answers: tuple[Answer, ...]
    worths: tuple[float | None, ...]      # of each; None: it has no mark yet

    @property
    def text(self) -> str:
        return self.answers[0].text

    @property
    def id(self) -> str:
        """Of what they say; stays the same whatever is said of them."""
        return hashlib.sha256(marks.folded(self.text).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def version(self) -> str:
        """Changes with whatever is said of them, and with who they are."""
        said = repr([(one.key, one.points, one.comments, one.ticked, one.by, one.at) for one in self.answers])
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def marked(self) -> bool:
        return None not in self.worths

    @property
    def worth(self) -> float | None:
        """None where they have none, or not the same."""
        return self.worths[0] if len({*self.worths}) == 1 else None

    @property
    def points(self) -> float | None:
        """As they were typed for all of them."""
        found = {one.points for one in self.answers}
        return found.pop() if len(found) == 1 else None

    @property
    def comments(self) -> tuple[int, ...]:
        """Those that all have."""
        shared = set.intersection(*(set(one.comments) for one in self.answers))
        return tuple(sorted(shared))

    @property
    def ticked(self) -> frozenset[str]:
        """The items of the rubric that all have."""
        return frozenset.intersection(*(frozenset(one.ticked) for one in self.answers))

    @property
    def markers(self) -> tuple[str, ...]:
        return tuple(sorted({one.by for one in self.answers if one.by}))


def most_of(answer: Answer, asked: Questions) -> float:
    """What an answer can get; 0 where the exercise does not ask that any more."""
    question = asked.get((answer.exercise, answer.question))
    return question.max_points if question else 0.0


def worth(answer: Answer, bank: Mapping[int, Comment], asked: Questions) -> float | None:
    """What a report says that an answer is worth; None: it has no mark yet."""
    carried = [bank[id].points for id in answer.comments if id in bank]
    question = asked.get((answer.exercise, answer.question))
    return marks.worth(answer.points, carried, most_of(answer, asked), question.rubric if question else (),
                       answer.ticked)


def together(answers: Iterable[Answer], bank: Mapping[int, Comment], asked: Questions) -> list[Same]:
    """Those without a mark first, and of them what most wrote."""
    groups = (Same(tuple(group), tuple(worth(one, bank, asked) for one in group))
              for group in marks.together(answers))
    return sorted(groups, key=lambda same: (same.marked, -len(same.answers), marks.folded(same.text)))


def questions(answers: Sequence[Answer], bank: Mapping[int, Comment],
              asked: Questions) -> list[tuple[str, str, int, int]]:
    """Exercise, question, how many answered, and how many of these wait for a mark: none, where there are no
    points to get."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in answers:
        count = found.setdefault((one.exercise, one.question), [0, 0])
        count[0] += 1
        count[1] += most_of(one, asked) > 0 and worth(one, bank, asked) is None
    return [(exercise, question, count[0], count[1])
            for (exercise, question), count in sorted(found.items())]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a form says of answers."""

    points: str = ""                      # as typed; "": those that ticks and comments carry
    comments: Sequence[int] = ()
    ticked: Sequence[str] = ()            # items of the rubric, by their texts


def mark(book: Gradebook, place: tuple[str, str], same: str, was: str, said: Said,
         bank: Mapping[int, Comment], asked: Questions, *, by: str) -> list[Answer]:
    """Give all that say the same the same points, ticks and comments.

    Args:
        place: exercise and question.
        same: the group's id.
        was: its version, as it was shown.
        bank: the comments that there are.
        asked: the questions.

    Raises:
        Changed: somebody else has marked one of them meanwhile, or they are others now.
        FormError: the points are none.
    """
    groups = together(book.written.answers(exercise=place[0], question=place[1]), bank, asked)
    found = next((one for one in groups if one.id == same), None)
    if found is None:
        raise FormError("nobody says this any more")
    if found.version != was:
        told = f"{found.worth:g} points" if found.worth is not None else "no points, or not the same to all"
        raise Changed(f"{', '.join(found.markers) or 'Somebody'} was here before you: {told}")
    comments = [id for id in said.comments if id in bank]
    question = asked.get(place)
    ticked = [item.text for item in question.rubric if item.text in said.ticked] if question else []
    points = number(said.points, "points", most_of(found.answers[0], asked))
    book.written.mark([one.key for one in found.answers], points=points, comments=comments, ticked=ticked,
                      by=by)
    return list(found.answers)
