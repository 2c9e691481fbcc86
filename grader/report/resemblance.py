"""Submissions that look alike, for a human to look at. Never marked.

Fingerprints of tokens by winnowing (Schleimer, Wilkerson and Aiken 2003, the method behind MOSS): names,
numbers, texts, comments, docstrings, imports and spacing do not count, nor does the order of functions. What
was handed out, what the exercise's own solutions say, and what many have in common is nobody's: it does not
count either.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from keyword import kwlist
from zlib import crc32

from grader import records
from grader.report import source

Key = tuple[str, str]   # student, exercise

GRAM = 9            # tokens in a row: shorter runs are idiom
_WINDOW = 5          # so that any 13 tokens in common are seen
# Of 220 pairs of right solutions in different styles, and 3,914 of a right and a wrong one, none has as much.
_ALIKE = 0.5         # share of the smaller one's own fingerprints that both have
_ENOUGH = 20         # fingerprints in common below which nothing can be said: about 60 tokens
_COMMON_LEAST = 4    # what at most so many have in common may be copied, however small the class
_NEIGHBOURS = 8      # of the holders of a fingerprint each is compared with so many: linear in the class

_MOST_IN_CELL = 5000    # tokens compared; the longest right solution has a few hundred
_MOST = 20_000          # and of a submission
_LONGEST_CELL = 200_000

# Possessive, and a text ends with its cell where it is not closed: linear in whatever arrives.
_TOKEN = re.compile(
    r"(?P<skip>\#[^\n]*|[^\S\n]+|^[ \t]*[%!][^\n]*|^[ \t]*(?:import|from)[ \t][^\n]*)"
    r"|(?P<line>\n(?:[ \t]*\n)*+)"
    r"|(?P<text>[rbfuRBFU]{0,2}(?:\"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*+(?:\"{3})?|'{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3})?"
    r"|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?))"
    r"|(?P<number>\d[\w.]*)|(?P<name>\w+)|(?P<mark>.)", re.MULTILINE | re.DOTALL)
_KEYWORDS = {word: chr(0xE000 + number) for number, word in enumerate(kwlist)}   # Unicode's private use
_STANDS_FOR = {"text": '"', "number": "0", "name": "x"}
_NOBODYS = 1 << 32   # in place of a hash; larger than any of them


@dataclass(frozen=True)
class Piece:
    """A code cell, or a file handed in beside the notebook."""

    cell: int              # from 1; 0 for a file
    file: str              # its name; "" for a cell
    text: str


@dataclass(frozen=True)
class Read:
    """What of a submission is compared."""

    pieces: tuple[Piece, ...]
    words: str                                   # a character for each token
    places: tuple[tuple[int, int, int], ...]     # of each token: piece, first character, the one behind it

    @property
    def hashes(self) -> list[int]:
        """Of every run of tokens."""
        return [crc32(self.words[i:i + GRAM].encode("utf-8", "replace"))
                for i in range(len(self.words) - GRAM + 1)]


@dataclass(frozen=True)
class Nobodys:
    """What counts nowhere: what was handed out, what the exercise's own solutions say."""

    cells: frozenset[str] = frozenset()    # these are not even read: most of a notebook is as handed out
    runs: frozenset[int] = frozenset()     # hashes of every run of tokens


@dataclass(frozen=True)
class Alike:
    """Some submissions to one exercise that share most of what is their own."""

    exercise: str
    students: tuple[str, ...]
    share: float           # the largest found between two of them
    number: int = 1        # among those of the exercise
    # who is laid side by side, and what they share: each pair brings one more student into the group
    pairs: tuple[tuple[str, str, float], ...] = ()
    common: frozenset[int] = field(default=frozenset(), repr=False)   # what too many have in common to count

    @property
    def href(self) -> str:
        """Where they are shown side by side, from the class page."""
        return f"alike/{self.exercise}-{self.number}.html"


def alike(notebooks: Mapping[Key, str], nobodys: Mapping[str, str] | None = None,
          files: Mapping[Key, Mapping[str, str]] | None = None,
          leave_out: Set[Key] = frozenset()) -> tuple[Alike, ...]:
    """Groups of submissions to look at, the most alike first.

    Args:
        notebooks: the cleaned submissions; each is looked at once.
        nobodys: exercise -> a notebook of what was handed out and what its own solutions say.
        files: the Python files that lie beside a notebook, by name.
        leave_out: whose are not compared.
    """
    known = {exercise: known_of(text) for exercise, text in (nobodys or {}).items()}
    by_exercise: dict[str, dict[str, frozenset[int]]] = defaultdict(dict)
    for key in notebooks.keys() - leave_out:
        student, exercise = key
        mine = known.get(exercise, Nobodys())
        found = read(notebooks[key], (files or {}).get(key), mine)
        by_exercise[exercise][student] = fingerprints(found, mine)
    groups = [group for exercise, prints in by_exercise.items() for group in _groups(exercise, prints)]
    return tuple(sorted(groups, key=lambda g: (-g.share, g.exercise, g.students)))


def team_mates(results: Sequence[records.Result]) -> set[Key]:
    """Whose notebook is another one's of the same team as well: a team's is compared once."""
    found, seen = set[Key](), set[tuple[str, str, str]]()
    for result in results:
        what = result.team, result.exercise, result.notebook.sha256
        if result.team and what in seen:
            found.add((result.student, result.exercise))
        seen.add(what)
    return found


def read(notebook: str, files: Mapping[str, str] | None = None, known: Nobodys | None = None) -> Read:
    """A submission as it is compared. Of one that is too long its shortest cells are: none hides the rest."""
    skip = known.cells if known else frozenset[str]()
    pieces = (*(Piece(cell.index + 1, "", text) for cell in source.cells(notebook)
                if cell.code and (text := "\n".join(cell.lines)) not in skip),
              *(Piece(0, name, "\n".join(text.splitlines())) for name, text in (files or {}).items()))
    found = [list(islice(tokens(piece.text), _MOST_IN_CELL)) for piece in pieces]
    kept, left = set(), _MOST
    for at in sorted(range(len(found)), key=lambda at: len(found[at])):
        left -= len(found[at])
        if left >= 0:
            kept.add(at)
    words = "".join(word for at in sorted(kept) for word, _, _ in found[at])
    return Read(pieces, words, tuple((at, start, end) for at in sorted(kept) for _, start, end in found[at]))


def tokens(code: str) -> Iterator[tuple[str, int, int]]:
    """The code without what a copier changes first: a character for each token, where it begins and ends."""
    begins, docstring = True, None
    for match in _TOKEN.finditer(code[:_LONGEST_CELL]):
        kind = match.lastgroup or ""
        if kind == "skip":
            continue
        if kind == "line":      # a text that had the line to itself says nothing
            begins, docstring = True, None
            continue
        if docstring:
            yield docstring
        word = _KEYWORDS.get(match.group(), "") or _STANDS_FOR.get(kind, "") or match.group()
        found = word, match.start(), match.end()
        docstring = found if kind == "text" and begins else None
        begins = False
        if not docstring:
            yield found


def known_of(notebook: str) -> Nobodys:
    """What is in a notebook, so that it does not count elsewhere."""
    found = read(notebook)
    return Nobodys(frozenset(piece.text for piece in found.pieces), frozenset(found.hashes))


def fingerprints(found: Read, known: Nobodys) -> frozenset[int]:
    """Of each window of hashes the smallest, so that equal stretches are found wherever they stand; nothing
    of what is known."""
    own = [_NOBODYS if value in known.runs else value for value in found.hashes]
    windows = (min(own[i:i + _WINDOW]) for i in range(max(0, len(own) - _WINDOW + 1)))
    return frozenset(windows) - {_NOBODYS}


def _groups(exercise: str, prints: Mapping[str, frozenset[int]]) -> Iterable[Alike]:
    holders: dict[int, list[str]] = defaultdict(list)
    for student in sorted(prints):
        for value in prints[student]:
            holders[value].append(student)
    # A ring of copiers grows more slowly than the class; what the class found by itself grows with it.
    most = max(_COMMON_LEAST, math.isqrt(len(prints)))
    common = frozenset(value for value, who in holders.items() if len(who) > most)
    sizes = {student: len(own - common) for student, own in prints.items()}
    shared = Counter(pair for value, who in holders.items() if value not in common for pair in _pairs(who))
    found = {(a, b): count / min(sizes[a], sizes[b]) for (a, b), count in shared.items() if count >= _ENOUGH}
    return _joined(exercise, {pair: share for pair, share in found.items() if share >= _ALIKE}, common)


def _pairs(students: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each with its next ones in the order: who share everything are together in every list."""
    return ((one, other) for at, one in enumerate(students)
            for other in students[at + 1:at + 1 + _NEIGHBOURS])


def _joined(exercise: str, found: Mapping[tuple[str, str], float], common: frozenset[int]) -> Iterable[Alike]:
    """Pairs that share a student make one group."""
    group: dict[str, set[str]] = {}
    joining: list[tuple[str, str, float]] = []
    for (a, b), share in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        if b not in group.get(a, ()):
            joining.append((a, b, share))
            merged = group.get(a, {a}) | group.get(b, {b})
            for student in merged:
                group[student] = merged
    different = {id(members): tuple(sorted(members)) for members in group.values()}.values()
    of_group = {students: tuple(one for one in joining if one[0] in students) for students in different}
    order = sorted(different, key=lambda students: (-of_group[students][0][2], students))
    for number, students in enumerate(order, 1):
        yield Alike(exercise, students, of_group[students][0][2], number, of_group[students], common)
