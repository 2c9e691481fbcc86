"""The questions of an exercise that students answer in writing and a tutor marks: `[[written]]`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from grader.intake import answers
from grader.records import RubricItem, WrittenAnswer
from grader.wall.values import Record


class Written(Record, frozen=True, kw_only=True):
    """One of them."""

    id: str                               # students see it: "Your answer (ID)"
    cell: str                             # the question's: its id in the notebook, or a text only it has
    points: float = 0.0                   # 0: it is told what a tutor says, and counts for nothing
    rubric: tuple[RubricItem, ...] = ()   # what the tutor looks for; students see it with their mark

    def worth(self, points: float | None) -> Written:
        """The same with the course's points, if it says any: the rubric's are in proportion."""
        if points is None or points == self.points:
            return self
        share = points / self.points if self.points else 0.0
        rubric = tuple(structs.replace(item, points=item.points * share) for item in self.rubric)
        return structs.replace(self, points=points, rubric=rubric)


def flaw(one: Written, earlier: Sequence[Written]) -> str:
    """What is wrong with a question by itself; "" for nothing."""
    if not answers.ID.fullmatch(one.id):
        return f"{one.id!r} is no id: small letters, digits, - and _, at most 40, a letter first"
    if one.id in [other.id for other in earlier]:
        return f"the written answer {one.id!r} is there twice"
    if not 0 <= one.points < math.inf:
        return f"the written answer {one.id!r} has {one.points:g} points"
    given = [item.points for item in one.rubric]
    if not all(0 <= points < math.inf for points in given):
        return f"the rubric of {one.id!r} has points below 0"
    if any(given) and not math.isclose(sum(given), one.points):
        return f"the rubric of {one.id!r} has {sum(given):g} points, the answer {one.points:g}"
    return ""


def cells_of(one: Written, document: Mapping[str, Any]) -> list[int]:
    """The numbers of the cells of text that fit what a question says of its cell; there should be one."""
    texts = [(i, cell) for i, cell in enumerate(document["cells"]) if cell["cell_type"] == "markdown"]
    by_id = [i for i, cell in texts if cell.get("id") == one.cell]
    return by_id or [i for i, cell in texts if one.cell in "".join(cell["source"])]


def misplaced(one: Written, document: Mapping[str, Any]) -> str:
    """What is wrong with a question's cell; "" for nothing."""
    count = len(cells_of(one, document))
    if count == 1:
        return ""
    found = "no cell of Markdown has" if count == 0 else f"{count} cells of Markdown have"
    return f"the question of {one.id!r}: {found} the id or the text {one.cell!r}"


def answered(questions: Sequence[Written], cells: Sequence[Mapping[str, Any]],
             document: Mapping[str, Any] | None) -> tuple[WrittenAnswer, ...]:
    """What a cleaned notebook answers, unmarked.

    Args:
        cells: the cleaned notebook's.
        document: the exercise's notebook; None where it is not at hand.
    """
    if not questions:
        return ()
    asked = {one.id: "" for one in questions}
    given: set[str] | None = None
    if document is not None:
        given = {"".join(cell["source"]).strip() for cell in document["cells"]}
        for one in questions:
            if len(places := cells_of(one, document)) == 1:
                asked[one.id] = "".join(document["cells"][places[0]]["source"])
    texts = answers.found(cells, asked, given)
    return tuple(WrittenAnswer(id=one.id, question=asked[one.id], text=texts[one.id], max_points=one.points,
                               rubric=one.rubric) for one in questions)
