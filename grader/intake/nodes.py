"""Who has one id: within a kind of source two places may be of one person, or of two."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from grader.intake.handed import Reading
from grader.intake.roster import Listed, same_name, words
from grader.intake.teams import Teams

NUMBERED = ("Moodle", "Canvas", "Gradescope")   # an id of theirs says nothing outside
CHOSEN = "GitHub Classroom"                     # whose people choose their ids
Place = tuple[int, str, str]                    # a source, and what it says of somebody: id and name


@dataclass(kw_only=True)
class Node:
    """Whoever has one id in one kind of source."""

    kind: str
    id: str
    name: str
    email: str
    team: str
    blind: bool
    at: set[Place] = field(default_factory=set)
    exercises: set[str] = field(default_factory=set)
    word: str = ""                                  # Canvas's for them: to compare, never to show
    listed: Listed | None = None
    same_as: Node | None = None

    @property
    def called(self) -> str:
        """Their name; of a folder its own."""
        return "" if self.blind else self.name or ("" if self.kind in NUMBERED else self.id)

    def apart(self, other: Node) -> bool:
        """Can both be one person's ids? Within one download, or one exercise, they are two people."""
        return ({source for source, *_ in self.at}.isdisjoint(source for source, *_ in other.at)
                and self.exercises.isdisjoint(other.exercises))


def told_apart(readings: Sequence[Reading], exercises: Mapping[Place, set[str]],
               known: Teams) -> tuple[list[Node], list[str]]:
    """Everybody in the sources, and what the tutor should know."""
    nodes: dict[tuple[str, str, bool], list[Node]] = defaultdict(list)
    notes, shared = [], _shared_names(readings)
    for number, reading in enumerate(readings):
        kind = reading.layout if reading.layout in (*NUMBERED, CHOSEN) else "names"
        teams, word = known.named(reading), _words(reading)
        for person in [*(each.person for each in reading.handed), *reading.without]:
            team = teams.get((person.id, person.name), "")
            here = nodes[kind, person.id, bool(team)]
            place = number, person.id, person.name
            mine = exercises.get(place, set())
            fitting = [one for one in here if place in one.at] or [
                one for one in here if _may_be(one, person.name, reading, number, mine, shared)]
            renamed = [] if fitting or team else [
                one for one in here if _renamed(one, person.name, number, mine, readings)]
            if len(renamed) == 1:
                notes.append(f"{renamed[0].name} and {person.name} have the id {person.id} in one "
                             "assignment: taken as one person, who changed the name")
                renamed[0].name, fitting = person.name, renamed
            node = fitting[0] if len(fitting) == 1 else None
            if node is None:
                node = Node(kind=kind, id=person.id, name=person.name, email=person.email, team=team,
                            blind=reading.blind)
                here.append(node)
                if len(here) > 1:
                    names = [one.name or "somebody without a name" for one in here]
                    notes.append(f"{' and '.join(names)} both have the id {node.id}: kept apart")
            node.name, node.email = node.name or person.name, node.email or person.email
            node.at.add(place)
            node.exercises |= mine
            node.word = node.word or word.get(person.id, "")
            node.blind = node.blind or reading.blind
    return [node for here in nodes.values() for node in here], notes


def _words(reading: Reading) -> dict[str, str]:
    """What Canvas writes before a user's number: their name without spaces."""
    if reading.layout != "Canvas" or reading.blind:
        return {}
    found = {}
    for each in reading.handed:
        if before := re.search(rf"(?:^|/)([^/]+?)_(?:late_)?{re.escape(each.person.id)}_", each.file.relative,
                               re.IGNORECASE):
            found[each.person.id] = before[1]
    return found


def _may_be(node: Node, name: str, reading: Reading, number: int, mine: set[str],
            shared: set[tuple[str, ...]]) -> bool:
    """May somebody who has the id of a node be the same person?"""
    named = bool(words(name)), bool(words(node.name))
    if not same_name(node.name, name):
        return False
    if reading.layout != "Moodle":
        return True
    if named[0] != named[1] and not (node.blind or reading.blind):
        return False      # somebody who is called "Participant", and whoever they would be taken for
    # a number of Moodle's is of one assignment: elsewhere it says nothing of who has no name, or one of two
    elsewhere = (number not in {source for source, *_ in node.at} and mine and node.exercises
                 and node.exercises.isdisjoint(mine))
    return not elsewhere or (all(named) and words(name) not in shared)


def _renamed(node: Node, name: str, number: int, mine: set[str], readings: Sequence[Reading]) -> bool:
    """Is it of another download of the same assignment, where most who are in both have one name?"""
    if readings[number].layout != "Moodle" or not (words(name) and words(node.name)
                                                   and mine & node.exercises):
        return False
    for source in {source for source, *_ in node.at} - {number}:
        first, second = _names(readings[source]), _names(readings[number])
        same = sum(words(first[id]) == words(second[id]) for id in first.keys() & second.keys())
        if 2 * same > len(first.keys() & second.keys()):
            return number not in {at for at, *_ in node.at}
    return False


def _names(reading: Reading) -> dict[str, str]:
    return {each.person.id: each.person.name for each in reading.handed if each.person.name}


def _shared_names(readings: Iterable[Reading]) -> set[tuple[str, ...]]:
    """The names that two people of one source have."""
    found = set[tuple[str, ...]]()
    for reading in readings:
        people = {(person.id, words(person.name)) for person in (*(each.person for each in reading.handed),
                                                                 *reading.without)}
        counts = Counter(name for _, name in people)
        found |= {name for name, count in counts.items() if name and count > 1}
    return found
