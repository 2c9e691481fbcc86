"""Submissions that look alike, for a human to look at. Never marked.

Token fingerprints by winnowing (Schleimer, Wilkerson and Aiken 2003, the method behind MOSS): names, numbers,
texts, comments and spacing do not count. What many have in common is the exercise's own, so it does not count
either.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from keyword import kwlist
from zlib import crc32

from grader.report import source

_GRAM = 9            # tokens in a row: shorter runs are idiom
_WINDOW = 5          # so that any 13 tokens in common are seen
_ALIKE = 0.8         # share of the smaller one's own fingerprints that both have
_ENOUGH = 15         # fingerprints of one's own below which nothing can be said: about 45 tokens
_COMMON_SHARE = 0.02
_COMMON_LEAST = 4    # what at most so many have in common may be copied, however small the class

_MOST_IN_CELL = 5000    # tokens compared; the longest right solution has a few hundred
_MOST = 20_000          # and of a notebook

# Possessive, and a text ends with its notebook where it is not closed: linear in whatever arrives.
_TOKEN = re.compile(
    r"(?P<skip>\#[^\n]*|\s+|^[%!][^\n]*)"
    r"|(?P<text>[rbfuRBFU]{0,2}(?:\"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*+(?:\"{3})?|'{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3})?"
    r"|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?))"
    r"|(?P<number>\d[\w.]*)|(?P<name>\w+)|(?P<mark>.)", re.MULTILINE | re.DOTALL)
_KEYWORDS = frozenset(kwlist)


@dataclass(frozen=True)
class Alike:
    """Some submissions to one exercise that share most of what is their own."""

    exercise: str
    students: tuple[str, ...]
    share: float           # the largest found between two of them


def alike(notebooks: Mapping[tuple[str, str], str], released: Mapping[str, str] | None = None) -> tuple[Alike,
                                                                                                        ...]:
    """Groups of submissions to look at, the most alike first. `released`: exercise -> the notebook handed
    out."""
    by_exercise: dict[str, dict[str, frozenset[int]]] = defaultdict(dict)
    for (student, exercise), notebook in notebooks.items():
        by_exercise[exercise][student] = fingerprints(notebook)
    groups: list[Alike] = []
    for exercise, prints in by_exercise.items():
        given = fingerprints((released or {}).get(exercise, ""))
        groups.extend(_groups(exercise, {student: own - given for student, own in prints.items()}))
    return tuple(sorted(groups, key=lambda g: (-g.share, g.exercise, g.students)))


def fingerprints(notebook: str) -> frozenset[int]:
    """Of each window of hashes the smallest, so that equal stretches are found wherever they stand."""
    compared = (word for cell in source.cells(notebook) if cell.prompt
                for word in islice(tokens("\n".join(cell.lines)), _MOST_IN_CELL))
    words = list(islice(compared, _MOST))
    hashes = [crc32(" ".join(words[i:i + _GRAM]).encode()) for i in range(len(words) - _GRAM + 1)]
    return frozenset(min(hashes[i:i + _WINDOW]) for i in range(max(0, len(hashes) - _WINDOW + 1)))


def tokens(code: str) -> Iterator[str]:
    """The code without what a copier changes first."""
    for match in _TOKEN.finditer(code[:200_000]):
        kind, word = match.lastgroup, match.group()
        if kind == "text":
            yield '""'
        elif kind == "name":
            yield word if word in _KEYWORDS else "x"
        elif kind == "number":
            yield "0"
        elif kind == "mark":
            yield word


def _groups(exercise: str, prints: Mapping[str, frozenset[int]]) -> Iterable[Alike]:
    common = max(_COMMON_LEAST, int(_COMMON_SHARE * len(prints)))
    holders: dict[int, list[str]] = defaultdict(list)
    for student, own in prints.items():
        for value in own:
            holders[value].append(student)
    rare = {value: who for value, who in holders.items() if len(who) <= common}
    sizes = Counter(student for who in rare.values() for student in who)
    shared = Counter(pair for who in rare.values() for pair in combinations(sorted(who), 2))
    found = {pair: count / min(sizes[pair[0]], sizes[pair[1]]) for pair,
             count in shared.items() if count >= _ENOUGH}
    return _joined(exercise, {pair: share for pair, share in found.items() if share >= _ALIKE})


def _joined(exercise: str, pairs: Mapping[tuple[str, str], float]) -> Iterable[Alike]:
    """Pairs that share a student make one group."""
    group: dict[str, set[str]] = {}
    for a, b in pairs:
        merged = group.get(a, {a}) | group.get(b, {b})
        for student in merged:
            group[student] = merged
    for members in {id(m): m for m in group.values()}.values():
        best = max(share for (a, _), share in pairs.items() if a in members)
        yield Alike(exercise, tuple(sorted(members)), best)
