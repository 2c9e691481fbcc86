"""Written answers to one question across the class: equal ones together, marked at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.keep.gradebook import Gradebook
from grader.keep.written import Answer, Comment
from grader.review.words import Changed, FormError, number

MOST_POINTS = 1000.0    # of an answer


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
        return hashlib.sha256(folded(self.text).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def version(self) -> str:
        """Changes with whatever is said of them, and with who they are."""
        said = repr([(one.key, one.points, one.comments, one.by, one.at) for one in self.answers])
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
    def markers(self) -> tuple[str, ...]:
        return tuple(sorted({one.by for one in self.answers if one.by}))


def folded(text: str) -> str:
    """What two answers have in common that say the same."""
    return " ".join(text.casefold().split())


def worth(answer: Answer, bank: Mapping[int, Comment]) -> float | None:
    """The points that were typed; where none were, those of its comments; None: it has no mark yet."""
    if answer.points is not None:
        return answer.points
    carried = [points for id in answer.comments if id in bank and (points := bank[id].points) is not None]
    return max(sum(carried), 0.0) if carried else None


def together(answers: Iterable[Answer], bank: Mapping[int, Comment]) -> list[Same]:
    """Those without a mark first, and of them what most wrote."""
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(folded(one.text), []).append(one)
    return sorted((Same(tuple(group), tuple(worth(one, bank) for one in group)) for group in groups.values()),
                  key=lambda same: (same.marked, -len(same.answers), folded(same.text)))


def questions(answers: Sequence[Answer], bank: Mapping[int, Comment]) -> list[tuple[str, str, int, int]]:
    """Exercise, question, how many answered, and how many of these wait for a mark."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in answers:
        count = found.setdefault((one.exercise, one.question), [0, 0])
        count[0] += 1
        count[1] += worth(one, bank) is None
    return [(exercise, question, count[0], count[1])
            for (exercise, question), count in sorted(found.items())]


def mark(book: Gradebook, place: tuple[str, str], same: str, was: str, said: tuple[str, Sequence[int]],
         bank: Mapping[int, Comment], *, by: str) -> list[Answer]:
    """Give all that say the same the same points and comments.

    Args:
        place: exercise and question.
        same: the group's id.
        was: its version, as it was shown.
        said: points as typed, and comments; no points: those that the comments carry.
        bank: the comments that there are.

    Raises:
        Changed: somebody else has marked one of them meanwhile, or they are others now.
        FormError: the points are none.
    """
    groups = together(book.written.answers(exercise=place[0], question=place[1]), bank)
    found = next((one for one in groups if one.id == same), None)
    if found is None:
        raise FormError("nobody says this any more")
    if found.version != was:
        told = f"{found.worth:g} points" if found.worth is not None else "no points, or not the same to all"
        raise Changed(f"{', '.join(found.markers) or 'Somebody'} was here before you: {told}")
    comments = [id for id in said[1] if id in bank]
    points = number(said[0], "points", MOST_POINTS)
    book.written.mark([one.key for one in found.answers], points=points, comments=comments, by=by)
    return list(found.answers)
