"""Where two submissions share what is nobody else's: stretches of code, as they stand in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from grader.report.resemblance import GRAM, Nobodys, Read, fingerprints

_CANDIDATES = 8       # places tried for one that is found: linear however often a stretch is repeated


@dataclass(frozen=True)
class Stretch:
    """Equal tokens, by their numbers in either submission: the first, and the one behind the last."""

    left: tuple[int, int]
    right: tuple[int, int]


@dataclass(frozen=True)
class Part:
    """A stretch's characters in one piece of a submission."""

    piece: int
    start: int
    end: int
    number: int            # the stretch's, from 1
    first: bool            # does the stretch begin here?


def shared(left: Read, right: Read, known: Nobodys, common: Set[int]) -> tuple[Stretch, ...]:
    """The stretches that made two submissions look alike, as long as they go, in the order of the left one.

    Args:
        known: no stretch begins or ends in what is nobody's.
        common: fingerprints that too many have for them to count; no stretch is found by them.
    """
    evidence = (fingerprints(left, known) & fingerprints(right, known)) - common
    search = _Search(left.hashes, right.hashes, known.runs)
    there = defaultdict[int, list[int]](list)
    for at, value in enumerate(search.right):
        if value in evidence:
            there[value].append(at)
    for at, value in enumerate(search.left):
        if value in evidence:
            search.match(at, there[value])
    return tuple(sorted(search.found, key=lambda stretch: stretch.left))


class _Search:
    """Takes what is found out of what is searched: no token belongs to two stretches."""

    def __init__(self, left: Sequence[int], right: Sequence[int], known: Set[int]) -> None:
        self.left, self.right, self.known = left, right, known
        self.taken = bytearray(len(left) + GRAM), bytearray(len(right) + GRAM)
        self.found: list[Stretch] = []

    def match(self, at: int, places: Sequence[int]) -> None:
        """Find the longest stretch through a free run of the left one and one of these places."""
        if not self._free(0, at):
            return
        free = [place for place in places if self._free(1, place)][:_CANDIDATES]
        spans = [(at - self._length(at, place, -1), at + self._length(at, place, 1), place) for place in free]
        if not spans:
            return
        first, last, place = max(spans, key=lambda span: (span[1] - span[0], -span[2]))
        length = last - first + GRAM
        begins = first, place - (at - first)
        for taken, begin in zip(self.taken, begins, strict=True):
            taken[begin:begin + length] = b"\1" * length
        self.found.append(Stretch((begins[0], begins[0] + length), (begins[1], begins[1] + length)))

    def _length(self, at: int, place: int, step: int) -> int:
        """How many runs further both are equal and free, up to the last one that is not known."""
        count, last = 0, 0
        while count - last < GRAM:     # a few known tokens do not end a stretch
            count += 1
            i, j = at + step * count, place + step * count
            if not (0 <= i < len(self.left) and 0 <= j < len(self.right)) or self.left[i] != self.right[j] \
                    or not (self._free(0, i) and self._free(1, j)):
                break
            if self.left[i] not in self.known:
                last = count
        return last

    def _free(self, side: int, at: int) -> bool:
        """Is a run of tokens in no stretch? Its ends say so: a stretch is at least as long as a run."""
        return not (self.taken[side][at] or self.taken[side][at + GRAM - 1])


def parts(found: Read, spans: Sequence[tuple[int, int]]) -> Iterator[Part]:
    """Where stretches stand in a submission's text; spans[n] is the n + 1st stretch's."""
    for number, (first, behind) in enumerate(spans, 1):
        begun: tuple[int, int, int] | None = None
        opening = True
        for piece, start, end in found.places[first:behind]:
            if begun and begun[0] != piece:
                yield Part(*begun, number, opening)
                begun, opening = None, False
            begun = (piece, begun[1] if begun else start, end)
        if begun:
            yield Part(*begun, number, opening)
