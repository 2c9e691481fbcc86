"""Who is known in a gradebook, who arrives in a download, and when two ids or names are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec import field, structs

from grader.intake.spelling import folded_name
from grader.records import AnySubmission, Person
from grader.wall.values import Record

Kinds = Mapping[str, frozenset[str]]   # somebody's id -> the kinds of source that have it


class Known(Record, frozen=True, kw_only=True):
    """A person as the gradebook knows them."""

    person: Person
    on_roster: bool = False
    known_as: tuple[str, ...] = ()               # the other ids that downloads have for them
    numbers: dict[str, str] = field(default_factory=dict)  # exercise -> the id that its assignment alone has
    kinds: dict[str, frozenset[str]] = field(default_factory=dict)   # of their ids, where that is known
    handed_in: frozenset[str] = frozenset()      # the exercises of which an attempt of theirs counted

    @property
    def ids(self) -> frozenset[str]:
        return frozenset((self.person.id, *self.known_as))


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody of a download."""

    person: Person
    other_ids: frozenset[str]           # that the download has for them too
    came_as: Mapping[str, str]          # exercise -> the id under which it came; of a team the member's own
    kinds: Kinds                        # of their ids, where that is known

    @property
    def exercises(self) -> frozenset[str]:
        return frozenset(self.came_as)


def same_name(one: str, other: str) -> bool:
    """Are these one name, written by two programs? No name is nobody's."""
    return bool(one) and folded_name(one) == folded_name(other)


def words(person: Person) -> set[str]:
    """By what somebody can be found, where no id is known."""
    said = ("email", person.email), ("name", person.name)
    return {f"{what} {folded_name(text)}" for what, text in said if text}


def differ(here: Arrival, there: Known) -> bool:
    """Do the names speak against their being one person?"""
    mine, theirs = here.person.name, there.person.name
    return bool(mine and theirs) and not same_name(mine, theirs)


def crossed(id: str, here: Arrival, there: Known) -> bool:
    """Is it, here and there, an id of different kinds of source? By chance two people may have it."""
    mine, theirs = here.kinds.get(id, frozenset()), there.kinds.get(id, frozenset())
    return bool(mine and theirs) and mine.isdisjoint(theirs) and not (
        same_name(here.person.email, there.person.email))


def strangers(here: Arrival, there: Known) -> bool:
    """Has no kind of source ever had an id for both?"""
    mine, theirs = (frozenset[str]().union(*one.kinds.values()) for one in (here, there))
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def arrivals(submissions: Iterable[AnySubmission], people: Iterable[Person],
             kinds: Mapping[str, Kinds]) -> dict[str, Arrival]:
    """Everybody of a download, by id."""
    persons = {person.id: person for person in people}
    came_as: dict[str, dict[str, str]] = {}
    others: dict[str, set[str]] = {}
    for one in submissions:
        here = persons.get(one.student, Person(id=one.student))
        persons[one.student] = structs.replace(here, name=here.name or one.name)
        came_as.setdefault(one.student, {})[one.exercise] = own_id(one)
        if one.source_id and not one.team:  # a team's is shared by its members
            others.setdefault(one.student, set()).add(one.source_id)
    return {id: Arrival(person=person, came_as=came_as.get(id, {}), other_ids=frozenset(others.get(id, ())),
                    kinds=kinds.get(id, {}))
            for id, person in sorted(persons.items())}


def own_id(one: AnySubmission) -> str:
    """The id that the download has for whoever handed something in; a team's is nobody's."""
    return one.student if one.team else one.source_id or one.student
