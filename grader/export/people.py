"""Whose row is it: results of one person together, and names that may be one."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.intake.spelling import folded_name
from grader.records import Result
from grader.report import safe_text

_NO_WORD = re.compile(r"[\W_]")


@dataclass(frozen=True, kw_only=True)
class Own:
    """All that one person handed in, of what is exported."""

    student: str
    name: str                         # "" where nobody says, or nobody may know
    team: str
    results: tuple[Result, ...]

    @property
    def member(self) -> bool:
        """One of a team, with a result of their own."""
        return bool(self.team) and not self.as_one

    @property
    def as_one(self) -> bool:
        """A team that nobody has taken apart: one person with its id and name."""
        alone = not self.name and not any(result.source_id for result in self.results)
        own = {folded_name(self.name), folded_name(self.student)}
        return bool(self.team) and (alone or folded_name(self.team) in own)

    @property
    def ids(self) -> frozenset[str]:
        """What the LMS calls them. A team's own id says nothing of its members."""
        return frozenset({self.student} if self.member else {r.source_id or self.student
                                                             for r in self.results})

    @property
    def shown(self) -> str:
        """For the tutor: name and id, fit for a terminal."""
        return called(self.student, self.name)


def called(student: str, name: str) -> str:
    """A person in the tutor's terminal."""
    fit = safe_text.no_commands(safe_text.line(student, 80))
    return f"{safe_text.no_commands(safe_text.line(name, 80))} ({fit})" if name and name != student else fit


def owned(results: Iterable[Result]) -> list[Own]:
    """Results by person, in the order in which people come."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.student, []).append(result)
    return [Own(student=student, results=tuple(own), name=next((r.name for r in own if r.name), ""),
                team=next((r.team for r in own if r.team), "")) for student, own in found.items()]


def forms(name: str) -> frozenset[str]:
    """A name folded, and "Schmidt, Anna" turned round too."""
    last, comma, first = name.partition(",")
    turned = {folded_name(f"{first} {last}")} if comma and "," not in first else set()
    return frozenset(({folded_name(name)} | turned) - {""})


def run_together(name: str) -> frozenset[str]:
    """As Canvas writes names into file names: no blanks, no signs. Accents do not count."""
    return frozenset(_NO_WORD.sub("", "".join(c for c in unicodedata.normalize("NFKD", form)
                                              if not unicodedata.combining(c)))
                     for form in forms(name)) - {""}


class Named:
    """How many people bear each name: a name that two have is nobody's."""

    def __init__(self, people: Iterable[Own]) -> None:
        self._bearers = Counter(form for own in people for form in forms(own.name or own.student))

    def alone(self, own: Own) -> bool:
        """Is there nobody else of this name?"""
        return all(self._bearers[form] <= 1 for form in forms(own.name or own.student))


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Each row's person, and why the others have none."""

    rows: Mapping[int, Own]
    left: Sequence[tuple[Own, str]]
    contested: Mapping[int, Sequence[Own]]


def placed(people: Iterable[Own], find: Callable[[Own], Sequence[int] | str]) -> Placed:
    """Give each row to the one person who fits it.

    Args:
        find: a person's rows, several for a team; or why there are none.
    """
    fitting: dict[int, list[Own]] = {}
    left = []
    for own in people:
        found = find(own)
        if isinstance(found, str):
            left.append((own, found))
            continue
        for row in found:
            fitting.setdefault(row, []).append(own)
    return Placed(rows={row: own[0] for row, own in fitting.items() if len(own) == 1}, left=left,
                  contested={row: own for row, own in fitting.items() if len(own) > 1})
