"""The statements of a notebook that the grading machine cannot run, as a report tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.report import safe_text
from grader.report.wording import Words
from grader.wall import messages


@dataclass(frozen=True, kw_only=True)
class Skip:
    """Lines of one cell that were skipped for one reason."""

    place: str
    what: str


def told(skipped: Sequence[messages.Skipped], w: Words) -> Iterator[Skip]:
    """Each reason once in each cell."""
    lines: dict[tuple[int, str], list[int]] = {}
    for one in skipped:
        what = safe_text.line(": ".join(filter(None, (one.error, one.message))), 500)
        lines.setdefault((one.cell, what), []).append(one.line)
    for (cell, what), numbers in lines.items():
        yield Skip(place=w.lines(cell + 1, ", ".join(map(str, dict.fromkeys(numbers)))), what=what)
