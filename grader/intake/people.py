"""Who is who: the people of several sources and of a roster, each once.

Within one source an id is a person. An id of Moodle's belongs to one assignment; across assignments, and
towards the roster, a name joins two ids only where nobody else has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from grader.intake.handed import Reading
from grader.intake.nodes import CHOSEN, NUMBERED, Node, Place, told_apart
from grader.intake.roster import Listed, same_name, words
from grader.intake.spelling import folded
from grader.intake.teams import Teams
from grader.intake.telling import some
from grader.records import Person

LINE = 20     # people in one of several notes
SHOWN = 5     # people who are named in one note


@dataclass(frozen=True, kw_only=True)
class Standing:
    """As whom a file counts."""

    person: Person
    source_id: str = ""      # what the download calls them, where that is not the person's id
    team: str = ""


@dataclass(frozen=True, kw_only=True)
class People:
    standings: Mapping[Place, tuple[Standing, ...]]             # as whom it counts
    everybody: tuple[Person, ...]                               # by id
    passing: frozenset[str]                                     # ids that belong to one assignment
    notes: tuple[str, ...]


def settled(readings: Sequence[Reading], exercises: Mapping[Place, set[str]],
            roster: Sequence[Listed] | None) -> People:
    """Everybody in the sources and on the roster.

    Args:
        readings: of one class.
        exercises: of which exercises somebody handed something in.
    """
    teams = Teams(readings, roster or ())
    nodes, notes = told_apart(readings, exercises, teams)
    single = [node for node in nodes if not node.team]
    if roster is not None:
        notes += _joined(single, roster)
        accounts = [f"{node.id} ({node.listed.person.name or node.listed.person.id})" for node in single
                    if node.kind == CHOSEN and node.listed]
        notes += _all_of("joined to the roster by an account's name, which its owner chose", accounts)
    notes += _one_by_name([node for node in single if node.kind == "Moodle" and node.listed is None])
    blind = bool(readings) and all(reading.blind for reading in readings)
    members, told = _members([node for node in nodes if node.team], teams)
    return _People(nodes, roster, members, blind).all([*notes, *told])


def _members(nodes: Sequence[Node], teams: Teams) -> tuple[dict[int, list[Listed]], list[str]]:
    """Who is in which team, by its id(), and what the tutor should know: nobody is in two of one download."""
    members, several = dict[int, list[Listed]](), dict[tuple[str, str], str]()
    claimed = defaultdict[str, list[Node]](list)
    for node in nodes:
        by_list = teams.one_of_several(node.team)
        several |= {(one.person.id, node.team): f"{one.person.id} in {node.team} ({one.person.group})"
                    for one in by_list}
        members[id(node)] = [*teams.whole_name(node.team), *by_list]
        for one in members[id(node)]:
            claimed[one.person.id].append(node)
    notes = []
    for person, here in claimed.items():
        if any(folded(one.team) != folded(other.team) and not one.apart(other)
               for at, one in enumerate(here) for other in here[:at]):
            names = " and ".join(sorted({node.team for node in here}))
            notes.append(f"{person}: by the roster in the teams {names}, and so taken for none of them")
            for node in here:
                members[id(node)] = [one for one in members[id(node)] if one.person.id != person]
                several.pop((person, node.team), None)
    notes += _all_of("in a team by one of several groups on the roster", list(several.values()))
    return members, notes


def _joined(nodes: Sequence[Node], roster: Sequence[Listed]) -> list[str]:
    """Give the nodes their place on the roster; returns what the tutor should know."""
    return [*_by_number(nodes, roster), *_by_name(nodes, roster)]


def _by_number(nodes: Sequence[Node], roster: Sequence[Listed]) -> list[str]:
    """By the id, the user name or the e-mail address."""
    notes = list[str]()
    ids, also = defaultdict[str, list[Listed]](list), defaultdict[str, list[Listed]](list)
    for one in roster:
        for key in {folded(id) for id in one.ids}:
            ids[key].append(one)
        for key in one.also:
            also[key].append(one)
    for node in nodes:
        # what an LMS numbers is no number of the university's
        for table, key in ((ids, node.id), (also, "" if node.kind in NUMBERED else node.id),
                           (also, node.email)):
            found = table.get(folded(key), [])
            if node.listed is None and len(found) == 1:
                if node.blind and found[0].person.id != node.id:
                    continue    # it would be called by what tells who it is
                theirs = node.name or node.word
                if same_name(theirs if theirs != node.id else "", found[0].person.name):
                    node.listed = found[0]
                else:
                    notes.append(f"{node.id} is {theirs} in the download and {found[0].person.name} on "
                                 "the roster: not taken as one person")
    return notes


def _by_name(nodes: Sequence[Node], roster: Sequence[Listed]) -> list[str]:
    """By a name that one person has on both sides."""
    notes = list[str]()
    named = defaultdict[tuple[str, ...], list[Listed]](list)
    for one in roster:
        named[words(one.person.name)].append(one)
    same = defaultdict[tuple[str, ...], list[Node]](list)
    taken = defaultdict[str, list[Node]](list)
    for node in nodes:
        same[words(node.called)].append(node)
        if node.listed:
            taken[node.listed.person.id].append(node)
    for name, here in same.items():
        there = named.get(name, [])
        if not name or not there or all(node.listed for node in here):
            continue
        alone = all(one.apart(other) for at, one in enumerate(here) for other in here[:at])
        free = len(there) == 1 and all(one.apart(other) for other in taken[there[0].person.id]
                                       for one in here if not one.listed)
        if len(there) == 1 and alone and free:
            for node in here:
                node.listed = node.listed or there[0]
        else:
            notes.append(f"{here[0].called}: not joined to the roster, for several people have the name "
                         f"({', '.join(sorted({n.id for n in here} | {o.person.id for o in there}))})")
    return notes


def _one_by_name(nodes: Sequence[Node]) -> list[str]:
    """Join the numbers that Moodle gives one person in several assignments."""
    same, joined, doubtful = defaultdict[tuple[str, ...], list[Node]](list), [], []
    for node in nodes:
        if node.called:
            same[words(node.called)].append(node)
    for here in same.values():
        if len(here) < 2:
            continue
        if all(one.apart(other) for at, one in enumerate(here) for other in here[:at]):
            for node in here[1:]:
                node.same_as = here[0]
            joined.append(here)
        elif len({source for node in here for source, *_ in node.at}) > 1:
            doubtful.append(here)
    return [*([f"the same person by the name, which nobody else has: {_listed(joined)}"] if joined else []),
            *([f"different people, though of one name: {_listed(doubtful)}; a roster (--roster) can tell"]
              if doubtful else [])]


def _listed(groups: Sequence[Sequence[Node]]) -> str:
    return some([f"{here[0].called} ({', '.join(node.id for node in here)})" for here in groups], SHOWN)


def _all_of(what: str, texts: Sequence[str]) -> list[str]:
    """Notes that name all of whom a student's own choice decides: nobody is to hide behind others."""
    return [f"{what}: {', '.join(texts[at:at + LINE])}" for at in range(0, len(texts), LINE)]


class _People:
    """Final ids for everybody: two people never get one."""

    def __init__(self, nodes: Sequence[Node], roster: Sequence[Listed] | None,
                 members: Mapping[int, Sequence[Listed]], blind: bool) -> None:
        self.nodes, self.roster, self.members, self.blind = nodes, roster, members, blind
        self.persons: dict[str, Person] = {}
        self.of: dict[int, Person] = {}            # id() of a node

    def all(self, notes: list[str]) -> People:
        for one in self.roster or ():
            node = next((n for n in self.nodes if n.listed is one), None)
            person = one.person
            if node and node.called and words(node.called) == words(person.name):
                person = structs.replace(person, name=node.called)   # as the sheet of marks will have it
            self._add(person, any(n.blind for n in self.nodes if n.listed is one))
        strangers = []
        for node in self.nodes:
            if node.listed:
                self.of[id(node)] = self.persons[node.listed.person.id]
            elif node.same_as is None and not self.members.get(id(node)):
                self.of[id(node)] = self._new(node, notes)
                if self.roster is not None:
                    strangers.append(node)
        if strangers:
            notes.append("not on the roster: " + some([
                self.of[id(n)].id + (f" ({n.called})" if n.called not in ("", n.id) else "")
                for n in strangers], SHOWN))
        standings = {at: self._standing(node) for node in self.nodes for at in node.at}
        numbered = [node for node in self.nodes if node.kind == "Moodle" and not node.team]
        passing = frozenset(node.id for node in numbered) | {
            self.of[id(node)].id for node in numbered if node.listed is None and id(node) in self.of}
        return People(standings=standings, notes=tuple(notes), passing=passing,
                      everybody=tuple(self.persons[key] for key in sorted(self.persons)))

    def _standing(self, node: Node) -> tuple[Standing, ...]:
        if members := self.members.get(id(node)):
            return tuple(Standing(person=self.persons[one.person.id], source_id=node.id, team=node.team)
                         for one in members)
        person = self.of[id(node.same_as or node)]
        return (Standing(person=person, source_id="" if person.id == node.id else node.id, team=node.team),)

    def _new(self, node: Node, notes: list[str]) -> Person:
        """Somebody who is not on the roster, under an id that nobody has."""
        final = node.id
        if final in self.persons:
            final = f"{node.id} ({node.team or ('' if node.blind else node.name) or node.kind})"
            while final in self.persons:
                final += "'"
            notes.append(f"{node.id} is somebody else's id too: {node.called or node.id} is called {final!r}")
        return self._add(Person(id=final, name=node.name, email=node.email), node.blind)

    def _add(self, person: Person, blind: bool) -> Person:
        if blind or self.blind:
            person = structs.replace(person, name="", email="", group="")   # a group of one is a name
        self.persons[person.id] = person
        return person


def ids(people: Iterable[Person]) -> frozenset[str]:
    return frozenset(person.id for person in people)
