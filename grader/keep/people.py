"""Whose a submission is, once an output folder has seen more than one download. Pure: nothing is read or
written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as later

from msgspec import structs

from grader.intake.spelling import folded_name
from grader.intake.telling import some
from grader.keep.known import (
    Arrival,
    Kinds,
    Known,
    arrivals,
    crossed,
    differ,
    own_id,
    same_name,
    strangers,
    words,
)
from grader.records import AnySubmission, Person

_NAMED = 3   # people whom one note names


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What a download comes to once its people are known."""

    submissions: tuple[AnySubmission, ...]     # `student` is the gradebook's id
    people: tuple[Known, ...]           # everybody, those of earlier downloads too
    notes: tuple[str, ...]


def joined(known: Iterable[Known], submissions: Sequence[AnySubmission], people: Sequence[Person] = (), *,
           roster: frozenset[str] | None = None, passing: frozenset[str] = frozenset(),
           kinds: Mapping[str, Kinds] | None = None) -> Joined:
    """Who of a download is who of the gradebook.

    An id decides, wherever it is known; one that belongs to one assignment decides alone in that one, and
    elsewhere only where the names do not speak against it. Where another kind of source has it, it decides
    only if the e-mail addresses agree or the roster joins the two. Else somebody is one whom the gradebook
    knows only by the same e-mail address, or by a name that nobody else has on either side, and only where
    an id says nothing: it belongs to one assignment, or it is the roster's and the gradebook's is none of a
    roster. Whoever is in this download under an id that is known, or has handed the exercise in under another
    one, is somebody else.

    Args:
        known: the gradebook's people.
        people: of the download and of the roster, those who handed in nothing too.
        roster: the ids on it; None where there is none, and then who was on it stays so.
        passing: the ids, `source_id` too, that belong to one assignment, as Moodle's do.
        kinds: of everybody in the download the ids, `source_id` too, with the kinds of source that have them.
    """
    work = _Joining({one.person.id: one for one in known}, arrivals(submissions, people, kinds or {}),
                    roster, passing)
    work.join()
    found = tuple(_told(one, work.owner_of(one)) for one in submissions if one.student in work.owner)
    return Joined(submissions=found, people=work.everybody(), notes=work.told())


def _told(one: AnySubmission, owner: str) -> AnySubmission:
    """A submission under the gradebook's id, with the number that it came with."""
    came = one.source_id or one.student
    return structs.replace(one, student=owner, source_id="" if came == owner else came)


@dataclass
class _Joining:
    """One download's people, as they find their place."""

    known: dict[str, Known]
    arrivals: Mapping[str, Arrival]
    roster: frozenset[str] | None
    passing: frozenset[str]
    owner: dict[str, str] = later(default_factory=dict)   # a download's id -> the gradebook's
    notes: list[str] = later(default_factory=list)
    by_name: list[str] = later(default_factory=list)      # who was told by a name or an address
    left: set[str] = later(default_factory=set)           # of whom nothing can be taken

    def __post_init__(self) -> None:
        self.before = {(exercise, number): one.person.id for one in self.known.values()
                       for exercise, number in one.numbers.items()}
        # Where to look for whom, since a course may have thousands.
        self.owns = defaultdict[str, list[Arrival]](list)        # the gradebook's id -> who is found to be it
        self.called = defaultdict[str, set[str]](set)            # an id, name or address -> gradebook's ids
        self.here = defaultdict[str, list[Arrival]](list)        # the same -> this download's
        for one in self.known.values():
            self._index(one)
        for each in self.arrivals.values():
            for word in {each.person.id, *each.other_ids} | words(each.person):
                self.here[word].append(each)

    def _index(self, one: Known) -> None:
        for word in one.ids | words(one.person):
            self.called[word].add(one.person.id)

    def join(self) -> None:
        # Whoever has the gradebook's own id comes first, then those with an alias of it.
        for id, here in sorted(self.arrivals.items(), key=lambda pair: (pair[0] not in self.known, pair[0])):
            there = self._numbered(here) or self._same_id(here) or self._alias(here)
            if there and id not in self.left:
                self._by_id(here, there)
        # An assignment after the other, so that one call may bring several; who handed in nothing comes last,
        # and is nobody's business where no roster names them.
        rest = [here for id, here in self.arrivals.items() if id not in self.owner and id not in self.left
                and (here.exercises or id in (self.roster or ()))]
        for here in sorted(rest, key=lambda one: (not one.exercises, sorted(one.exercises), one.person.id)):
            self._settle(here, self._alike(here) or Known(person=here.person))

    def owner_of(self, one: AnySubmission) -> str:
        """Whose a submission is. What came under a number before, comes to the same person under it again."""
        mine, came = self.owner[one.student], (one.exercise, own_id(one))
        there = self.before.get(came, mine) if came[1] in self.passing else mine
        if crossed(came[1], self.arrivals[one.student], self.known[there]):
            return mine
        return mine if any(one.exercise in each.came_as for each in self.owns[there]) else there

    def _numbered(self, here: Arrival) -> Known | None:
        """Who has handed one of these exercises in under the same number."""
        found = ((pair[1], self.known.get(self.before.get(pair, ""))) for pair in sorted(here.came_as.items())
                 if pair[1] in self.passing)
        return next((one for number, one in found if one and not crossed(number, here, one)), None)

    def _same_id(self, here: Arrival) -> Known | None:
        """Who has this very id. One assignment's number may be another person's id elsewhere: where the names
        speak against it, or are several people's, nothing can be said."""
        id, there, why = here.person.id, self.known.get(here.person.id), ""
        if there is None:
            return None
        if crossed(id, here, there):
            if alias := self._alias(here):
                return alias
            why = ("another kind of source has this id for somebody in the gradebook, and nothing says that "
                   "they are one person")
        elif id in self.passing or id in there.numbers.values():
            name = here.person.name
            if differ(here, there):
                why = f"this is {name} here and {there.person.name} in the gradebook"
            elif not name and there.person.name and here.exercises and id in self.passing:
                why = (f"nothing says that this is {there.person.name}, who has the number in the gradebook "
                       "from another assignment")
            elif here.exercises and there.handed_in and self._shared_name(here, there):
                why = f"several people are called {name}, and a number is of one assignment"
        if why:
            self.left.add(id)
            self.notes.append(f"{id}: left out, {why}; say who is who with --roster, or give another --out")
        return there

    def _shared_name(self, here: Arrival, there: Known) -> bool:
        """Has anybody else the name, here or in the gradebook, and no address says who is who?"""
        word = f"name {folded_name(here.person.name)}"
        others = {one.person.id for one in (*self.here.get(word, ()), *self._known(word))}
        return bool(others - {here.person.id}) and not same_name(here.person.email, there.person.email)

    def _alias(self, here: Arrival) -> Known | None:
        """Whom the gradebook also knows by this id, or by one that comes with it."""
        for one in self._known(here.person.id):
            id = here.person.id
            if id in one.known_as and not differ(here, one) and not crossed(id, here, one):
                return one
        for one in self._known(*here.other_ids):
            if (any(not crossed(id, here, one) for id in here.other_ids & one.ids)
                    and same_name(here.person.name, one.person.name)
                    and one.person.id not in (self.roster or ())):
                return one
        return None

    def _known(self, *words: str) -> list[Known]:
        """Whom the gradebook knows by one of these, by id."""
        return [self.known[id] for id in sorted(set().union(*(self.called.get(word, ()) for word in words)))]

    def _by_id(self, here: Arrival, there: Known) -> None:
        id, theirs = here.person.id, there.person.name
        if any(one.exercises & here.exercises for one in self.owns[there.person.id]):
            self.notes.append(f"{id}: {theirs or there.person.id} has handed in the same exercise in this "
                              "download, so this is somebody else")
            lost = there.numbers.items() & here.came_as.items()
            self.before = {pair: owner for pair, owner in self.before.items() if pair not in lost}
            self.known[there.person.id] = structs.replace(there, numbers=dict(there.numbers.items() - lost))
            self._settle(here, Known(person=here.person))
            return
        if differ(here, there):
            self.notes.append(f"{id} was {theirs} and is {here.person.name} now; the id decides, this is one "
                              "person")
        self._settle(here, there)

    def _alike(self, here: Arrival) -> Known | None:
        """The one person of the gradebook who this may be, where no id says so."""
        person = here.person
        may = person.id in self.passing or person.id in (self.roster or ())
        for what in ("email", "name"):
            mine = getattr(person, what)
            there = [one for one in self._known(f"{what} {folded_name(mine)}")
                     if same_name(mine, getattr(one.person, what))]
            peers = self._beside(here, f"{what} {folded_name(mine)}")
            if not may or not there:
                continue
            if len(there) == 1 and not peers and self._free(here, there[0]) and not (
                    what == "name" and self._foreign(here, there[0])):
                self.by_name.append(f"{mine} ({person.id}, before {there[0].person.id})")
                return there[0]
            others = {one.person.id for one in there} | {one.person.id for one in peers}
            on_roster = self.roster is not None and {person.id, *others} <= self.roster
            if what == "name" and person.id in self.passing and not on_roster:
                ids = ", ".join(sorted(others))
                self.notes.append(f"{mine} ({person.id}) may be {ids} and may be somebody else: taken for "
                                  "somebody else, since nothing says so; --roster does")
        return None

    def _beside(self, here: Arrival, *words: str) -> list[Arrival]:
        """Who is called one of these, and may be in the same assignment of this download; of those without a
        file nobody says in which they are."""
        return [one for word in words for one in self.here.get(word, ()) if one is not here
                and (not one.exercises or not here.exercises or one.exercises & here.exercises)]

    def _free(self, here: Arrival, there: Known) -> bool:
        if here.person.id not in self.passing and there.on_roster:
            return False
        return not (here.exercises & there.handed_in
                    or any(one.person.id in self.passing or one.person.id not in self.left
                           for one in self._beside(here, *there.ids)))

    def _foreign(self, here: Arrival, there: Known) -> bool:
        """Are they of different kinds of source, and no roster names one of them?"""
        return strangers(here, there) and not there.on_roster and here.person.id not in (self.roster or ())

    def _settle(self, here: Arrival, there: Known) -> None:
        was, now = there.person, here.person
        person = Person(id=was.id, name=now.name or was.name, email=now.email or was.email,
                        group=now.group or was.group)
        others = (there.ids | here.other_ids | {now.id}) - {was.id} - self.known.keys()
        kinds = {id: found for id in (was.id, *others) if (
            found := there.kinds.get(id, frozenset()) | here.kinds.get(id, frozenset()))}
        mine = {exercise: number for exercise, number in here.came_as.items()
                if self.before.get((exercise, number), was.id) == was.id}
        numbers = {exercise: number for exercise, number in mine.items() if number in self.passing}
        self.known[was.id] = structs.replace(there, person=person, known_as=tuple(sorted(others)),
                                             numbers=there.numbers | numbers, kinds=kinds,
                                             handed_in=there.handed_in | mine.keys())
        self.owner[now.id] = was.id
        self.owns[was.id].append(here)
        self._index(self.known[was.id])

    def _ids(self) -> dict[str, str]:
        """Every id by which somebody is known -> the gradebook's, which comes before another's alias."""
        ids = {alias: id for id, one in self.known.items() for alias in one.known_as}
        return ids | {id: id for id in self.known}

    def everybody(self) -> tuple[Known, ...]:
        people = [one for _, one in sorted(self.known.items())]
        if self.roster is None:
            return tuple(people)
        ids = self._ids()
        there = {self.owner.get(id, ids.get(id)) for id in self.roster - self.left}
        return tuple(structs.replace(one, on_roster=one.person.id in there) for one in people)

    def told(self) -> tuple[str, ...]:
        if not self.by_name:
            return tuple(self.notes)
        return (*self.notes, "told by their names, since their numbers are new: "
                             f"{some(self.by_name, _NAMED)}; --roster would say it for sure")
