"""Submissions that look alike, side by side: what they share has the same number on either side.

Static, and without a script: a number is a link to its counterpart. It marks nobody and decides nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from grader.report import page, persons, safe_text
from grader.report.resemblance import Alike, Key, Nobodys, Read, known_of, read
from grader.report.stretches import Part, Stretch, parts, shared

_MOST_PAIRS = 6         # of a group; who is left out is named
_MOST_LINES = 400       # shown of one submission
_LONGEST_LINE = 300
_AROUND = 2             # lines shown above and below what is shared

Submitted = Callable[[Key], tuple[str, Mapping[str, str]]]   # a notebook, and the Python files beside it


@dataclass(frozen=True)
class Person:
    name: str
    href: str              # to the report


@dataclass(frozen=True)
class Chunk:
    """Text within a line."""

    text: str
    number: int            # of the stretch it belongs to; 0: to none
    opens: bool            # does the stretch begin here?


@dataclass(frozen=True)
class Line:
    number: int            # 0: `left_out` lines are not shown
    chunks: tuple[Chunk, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Shown:
    """A cell or a file with something in common."""

    cell: int
    file: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Side:
    who: Person
    here: str              # begins the anchors of its stretches
    there: str             # and those of the other side
    pieces: tuple[Shown, ...]


@dataclass(frozen=True)
class Pair:
    sides: tuple[Side, Side]
    share: str             # in hundredths, of the smaller one's own
    stretches: int
    left_out: int          # stretches beyond the lines that are shown


def pages(groups: Sequence[Alike], submitted: Submitted, nobodys: Mapping[str, str], *,
          names: Mapping[str, str], titles: Mapping[str, str], reports: Mapping[Key, str],
          language: str) -> Iterator[tuple[str, str]]:
    """Where each group's page lies, from the class page, and the page.

    Args:
        submitted: what is compared of somebody; asked for those in a group only.
        nobodys: as for `resemblance.alike`.
        names: student -> name, for people.
        titles: exercise -> title.
        reports: where reports lie, from the class page.
    """
    known = {exercise: known_of(nobodys.get(exercise, ""))
             for exercise in {group.exercise for group in groups}}
    for group in groups:
        people = {student: Person(safe_text.line(persons.shown(names.get(student, ""), student)),
                                  _beside(reports.get((student, group.exercise), "")))
                  for student in group.students}
        pairs = compared(group, submitted, known[group.exercise], people)
        yield group.href, page.html(
            "alike.html.j2", language, people=tuple(people.values()), pairs=pairs,
            title=safe_text.line(titles.get(group.exercise, group.exercise)),
            left_out=len(group.pairs) - len(pairs), policy=page.policy())


def compared(group: Alike, submitted: Submitted, known: Nobodys, people: Mapping[str, Person]) -> list[Pair]:
    """The pairs of a group of which both are among `people`, those first that share most; not all of many.

    Args:
        known: what is nobody's in the group's exercise.
    """
    texts = {student: read(*submitted((student, group.exercise)), known) for student in people}
    found = [pair for pair in group.pairs if pair[0] in texts and pair[1] in texts]
    return [_pair(number, [(people[one], texts[one]) for one in (a, b)], share, known, group.common)
            for number, (a, b, share) in enumerate(found[:_MOST_PAIRS], 1)]


def _beside(report: str) -> str:
    """A report as the page links to it, one folder further down."""
    return safe_text.href(f"../{report}") if safe_text.href(report) else ""


def _pair(number: int, two: Sequence[tuple[Person, Read]], share: float, known: Nobodys,
          common: frozenset[int]) -> Pair:
    (left, one), (right, other) = two
    found = shared(one, other, known, common)
    both = _opened(_left(one, found)) & _opened(_right(other, found))
    kept = [stretch for at, stretch in enumerate(found, 1) if at in both]
    here, there = f"p{number}-left-", f"p{number}-right-"
    return Pair((Side(left, here, there, _left(one, kept)), Side(right, there, here, _right(other, kept))),
                f"{100 * share:.0f}", len(kept), len(found) - len(kept))


def _left(text: Read, found: Sequence[Stretch]) -> tuple[Shown, ...]:
    return _pieces(text, parts(text, [stretch.left for stretch in found]))


def _right(text: Read, found: Sequence[Stretch]) -> tuple[Shown, ...]:
    return _pieces(text, parts(text, [stretch.right for stretch in found]))


def _opened(pieces: Sequence[Shown]) -> set[int]:
    return {chunk.number for piece in pieces for line in piece.lines for chunk in line.chunks if chunk.opens}


def _pieces(text: Read, marked: Iterable[Part]) -> tuple[Shown, ...]:
    """The cells and files with something marked, until there are too many lines."""
    by_piece: dict[int, list[Part]] = defaultdict(list)
    for part in marked:
        by_piece[part.piece].append(part)
    shown, left = [], _MOST_LINES
    for at in sorted(by_piece):
        piece = text.pieces[at]
        here = sorted(by_piece[at], key=lambda part: part.start)
        lines = tuple(islice(_lines(piece.text, here), max(0, left)))
        left -= len(lines)
        shown.append(Shown(piece.cell, safe_text.line(piece.file), lines))
    return tuple(piece for piece in shown if piece.lines)


def _lines(text: str, marked: Sequence[Part]) -> Iterator[Line]:
    """The lines with something marked and those around them; of the others, how many there are."""
    rows, skipped = text.split("\n"), 0
    starts = [0, *accumulate(len(row) + 1 for row in rows)]
    wanted = _near(starts, marked)
    for at, row in enumerate(rows):
        if at not in wanted:
            skipped += 1
            continue
        if skipped:
            yield Line(0, left_out=skipped)
        skipped = 0
        yield Line(at + 1, tuple(_chunks(row, starts[at], wanted[at])))
    if skipped:
        yield Line(0, left_out=skipped)


def _near(starts: Sequence[int], marked: Sequence[Part]) -> dict[int, list[Part]]:
    """Each line that is shown -> what is marked in it."""
    lines: dict[int, list[Part]] = {}
    last = len(starts) - 2
    for part in marked:
        first, behind = bisect_right(starts, part.start) - 1, bisect_right(starts, part.end - 1)
        for at in range(max(0, first - _AROUND), min(last, behind + _AROUND - 1) + 1):
            here = lines.setdefault(at, [])
            if first <= at < behind:
                here.append(part)
    return lines


def _chunks(row: str, start: int, marked: Sequence[Part]) -> Iterator[Chunk]:
    at, text = 0, row[:_LONGEST_LINE]
    for part in marked:
        begin, end = max(0, part.start - start), part.end - start
        opens = part.first and part.start >= start
        if text[at:begin]:
            yield Chunk(text[at:begin], 0, False)
        if opens or text[begin:end]:
            yield Chunk(text[begin:end], part.number, opens)
        at = end
    if text[at:] or len(row) > len(text):
        yield Chunk(text[at:] + ("…" if len(row) > len(text) else ""), 0, False)
