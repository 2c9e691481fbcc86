"""Teams in a download, and who is in them by the roster's groups, whose names students may choose."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from grader.intake.handed import Reading
from grader.intake.roster import Listed, words
from grader.intake.spelling import folded

BETWEEN = re.compile(r"[,;|]")      # several groups in one cell; a group's own name may hold these too


class Teams:
    """What the roster's groups say."""

    def __init__(self, readings: Sequence[Reading], roster: Sequence[Listed]) -> None:
        self.roster = roster
        self.people = {words(one.person.name) for one in roster}
        self.called = {folded(name) for reading in readings for name in _names(reading).values()}
        self.whole = frozenset[str]().union(*(one.groups for one in roster))
        self.cells = defaultdict[str, set[str]](set)       # a part -> the cells that it stands in
        for one in roster:
            for cell in one.lists:
                for part in _parts(cell):
                    self.cells[part].add(cell)

    def named(self, reading: Reading) -> dict[tuple[str, str], str]:
        """Who is a team, by id and name: what Moodle writes of one looks like a person. Where most are called
        like groups, and like nobody on the roster, all are teams."""
        teams = {(each.person.id, each.person.name): each.team for each in reading.handed if each.team}
        names = _names(reading)
        groups = sum((folded(name) in self.whole or folded(name) in self.cells)
                     and words(name) not in self.people for name in names.values())
        if reading.layout == "Moodle" and not teams and 2 * groups > len(names):
            return names
        return teams

    def whole_name(self, team: str) -> list[Listed]:
        """Whose group is called so."""
        return [one for one in self.roster if folded(team) in one.groups]

    def one_of_several(self, team: str) -> list[Listed]:
        """Who has it among other groups. What stands nowhere but beside it may be a part of one name."""
        name = folded(team)
        return [one for one in self.roster if name not in one.groups and any(
            name in _parts(cell) and cell not in self.called
            and all(part in self.whole or len(self.cells[part]) > 1 for part in _parts(cell) if part != name)
            for cell in one.lists)]


def _parts(cell: str) -> list[str]:
    return [part for each in BETWEEN.split(cell) if (part := each.strip())]


def _names(reading: Reading) -> dict[tuple[str, str], str]:
    return {(person.id, person.name): person.name for person in (
        *(each.person for each in reading.handed), *reading.without) if person.name}
