"""A course's rules over a gradebook: what was read of them last, and every result under them.

A batch and `grader report` read course.toml and the extensions anew. What else writes marks goes by what
they read, so that no export says other than the pages do.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import structs

from grader.exercise.catalog import course
from grader.exercise.rules import Attempts, Course, Place, RuleError, zone_of
from grader.keep import policy
from grader.keep.answers import Words
from grader.keep.extensions import EVERY, Extension, Granted, read, without
from grader.keep.gradebook import Gradebook, GradebookError
from grader.keep.known import Known
from grader.keep.output import Output
from grader.locale import N_
from grader.records import Calculation, NeedsYou, NotebookFile, Result, Sentence, Status
from grader.wall.values import Record

_VALUE = "rules"     # of the gradebook's batch
Key = tuple[str, str]

LATE = N_("The LMS says that it was late, and nobody says how late: no points are taken for it.")
TOO_MANY = N_("Attempt %(number)s of %(most)s that can count; the earlier ones are not here.")


class Told(Record, frozen=True, kw_only=True):
    """What was read last."""

    folder: str = ""                            # of the exercises
    course: Course = Course()
    extensions: str = ""                        # the file, as it was given
    granted: tuple[Extension, ...] = ()


def remembered(book: Gradebook) -> Told:
    """What an earlier batch has read."""
    said = book.batch_values().get(_VALUE)
    return msgspec.json.decode(said, type=Told) if said else Told()


def look(out: Path, exercises: Path | None, extensions: Path | None) -> tuple[Told, list[str]]:
    """Read the rules, and write nothing; returns them, and what the tutor should know.

    Args:
        out: the folder of a batch, if there is one yet.
        exercises: where they are; None: where the last batch found them.
        extensions: the list; None: the last one that was given.

    Raises:
        ExerciseError: course.toml is not as it must be.
        ExtensionError, IntakeError: the list is not.
    """
    told, notes = Told(), list[str]()
    if Output(out).gradebook.exists():
        with Gradebook(Output(out).gradebook) as book:
            told = remembered(book)
    folder = exercises.resolve() if exercises else Path(told.folder) if told.folder else None
    if folder and folder.is_dir():
        told = structs.replace(told, folder=str(folder), course=course(folder))
    elif folder:
        notes.append(f"{folder}: not there any more; the rules are those of the last batch")
    path = extensions.resolve() if extensions else Path(told.extensions) if told.extensions else None
    if path and (extensions or path.exists()):
        names = [place.name for place in told.course.exercise]
        told = structs.replace(told, extensions=str(path),
                               granted=read(path, names, zone_of(told.course.timezone)))
    elif path:
        notes.append(f"{path}: not there any more; the extensions are those of the last batch")
    return told, notes


def remember(book: Gradebook, told: Told) -> None:
    """Write down what was read, with what the class page and the tables need of it."""
    if told.folder:
        book.set_batch_value("title", told.course.title)
        book.set_batch_value("weights", json.dumps({x.name: x.weight for x in told.course.exercise}))
    book.set_batch_value(_VALUE, msgspec.json.encode(told).decode())


def alone(result: Result, exercises: Path, *, now: datetime.datetime | None = None) -> Result:
    """A result of which no gradebook knows, for its student: course.toml keeps hidden checks back until the
    last deadline that anybody has, for nobody knows their group.

    Raises:
        ExerciseError, RuleError: course.toml is not as it must be.
    """
    said = course(exercises)
    zone = zone_of(said.timezone)
    place = next((one for one in said.exercise if one.name == result.exercise),
                 Place(name="", rules=said.rules))
    every = [policy.terms(place, zone, group) for group in ("", *place.groups)]
    found = [policy.calculated([], one, now=now or datetime.datetime.now(datetime.UTC)) for one in every]
    kept = [one for one in found if one.kept_back]
    return structs.replace(result, rules=max(kept, key=lambda one: one.due)) if kept else result


def forget(book: Gradebook, person: Known) -> None:
    """Take somebody's extensions out of what is remembered."""
    told = remembered(book)
    left = tuple(without(told.granted, person))
    if left != told.granted:
        book.set_batch_value(_VALUE, msgspec.json.encode(structs.replace(told, granted=left)).decode())


class Ruled:
    """The rules that hold in a gradebook, at one moment."""

    def __init__(self, book: Gradebook, *, now: datetime.datetime | None = None) -> None:
        """Raises:
            GradebookError: this machine does not know the course's time zone.
        """
        self._book = book
        self._told = remembered(book)
        self._course = self._told.course
        self._places = {place.name: place for place in self._course.exercise}
        try:
            self._zone = zone_of(self._course.timezone)
        except RuleError as error:
            raise GradebookError(f"course.toml: {error}") from error
        self._now = now or datetime.datetime.now(datetime.UTC)
        self._people = {one.person.id: one for one in book.people()} if self.any else {}
        self._granted = Granted(self._told.granted, list(self._people.values()))

    @property
    def any(self) -> bool:
        """Are there rules at all?"""
        return bool(self._told.granted or any(map(_says, self._course.exercise)))

    @property
    def pass_mark(self) -> float:
        """The share of the total's maximum that passes; 0: none is set."""
        return self._course.pass_mark

    def all(self, results: Sequence[Result]) -> list[Result]:
        """Every result under the rules, and a row for whoever is excused and has none."""
        if not self.any:
            return list(results)
        picking = [place.name for place in self._course.exercise if _picks(place)]
        attempts, words = self._book.handed_in(picking), self._book.words() if picking else Words()
        return [self._one(result, attempts.get(key, {}), words)
                for result in (*results, *self._excused(results))
                for key in [(result.student, result.exercise)]]

    def one(self, result: Result) -> Result:
        """A result, as it was judged and with a tutor's word in it, under the rules."""
        if not _picks(self._place(result.exercise)):
            return self._one(result, {}, Words())
        attempts = self._book.handed_in([result.exercise], result.student)
        return self._one(result, attempts.get((result.student, result.exercise), {}),
                         self._book.words(result.student, result.exercise))

    def _one(self, result: Result, there: Mapping[int, Result], words: Words) -> Result:
        """Args:
            there: by number, all that they have handed in, as judged.
            words: the tutor's, on any of it.
        """
        place = self._place(result.exercise)
        granted = self._granted.to(result.student, result.exercise)
        if not _says(place) and not granted:
            return result
        holds = self._terms(place, result.student)
        if holds.excused:
            return structs.replace(result, status=Status.EXCUSED, score=None, needs_you=(),
                                   rules=policy.calculated([], holds, now=self._now))
        attempts = [] if result.score is None else _tries(result, there, words)
        calculation = policy.calculated(attempts, holds, now=self._now)
        counting = calculation.counting
        return structs.replace(result, rules=calculation, score=counting.final if counting else None,
                               needs_you=(*result.needs_you, *_needs(result, calculation, holds)))

    def notes(self, results: Iterable[Result]) -> list[str]:
        """What the tutor should know of the rules: whose extension is whose, and of whom no time is known."""
        unknown, of = Counter[str](), Counter[str]()
        for result in results:
            if result.rules and result.rules.attempts:
                of[result.exercise] += 1
                holds = self._terms(self._place(result.exercise), result.student)
                shown = policy.Attempt(number=0, raw=0.0, maximum=0.0, handed_in_at=result.handed_in_at)
                unknown[result.exercise] += policy.unknown_time([shown], holds) and not result.late
        return [*self._granted.notes, *(
            f"{name}: of {count} of {of[name]} nobody says when they were handed in: nothing is taken of "
            "them for lateness" for name, count in sorted(unknown.items()) if count)]

    def _place(self, exercise: str) -> Place:
        return self._places.get(exercise) or Place(name=exercise, rules=self._course.rules)

    def _terms(self, place: Place, student: str) -> policy.Terms:
        known = self._people.get(student)
        return policy.terms(place, self._zone, known.person.group if known else "",
                            self._granted.to(student, place.name))

    def _excused(self, results: Sequence[Result]) -> list[Result]:
        """A row for who is excused and has handed nothing in, out of what the others could get."""
        there = {(result.student, result.exercise) for result in results}
        like = {result.exercise: result for result in results}
        pairs = {(student, name) for student, exercise in self._granted.excused()
                 for name in (like if exercise == EVERY else [exercise]) if name in like}
        return [Result(student=student, name=self._people[student].person.name, exercise=exercise,
                       status=Status.EXCUSED, score=None, max_score=like[exercise].max_score, checks=(),
                       notebook=NotebookFile(path="", sha256=""), made_by=like[exercise].made_by,
                       title=like[exercise].title)
                for student, exercise in sorted(pairs - there)]


def _tries(result: Result, there: Mapping[int, Result], words: Words) -> list[policy.Attempt]:
    """Those that have a mark, each with what tutors have said of it, the one that is shown last."""
    last = max(there, default=result.attempt)
    every = {number: words.applied(each) for number, each in there.items() if number != last}
    return [policy.Attempt(number=number, raw=each.score, maximum=each.max_score,
                           handed_in_at=each.handed_in_at, late=each.late)
            for number, each in {**every, last: result}.items() if each.score is not None]


def _says(place: Place) -> bool:
    """Does anything but its weight say how an exercise counts?"""
    return place != Place(name=place.name, weight=place.weight, written=place.written)


def _picks(place: Place) -> bool:
    return place.rules.attempts is Attempts.BEST or place.rules.most_attempts > 0


def _needs(result: Result, found: Calculation, holds: policy.Terms) -> list[NeedsYou]:
    """What the rules alone cannot decide."""
    counting, needs = found.counting, list[NeedsYou]()
    if counting is None:
        return needs
    unknown = policy.came_at(counting.handed_in_at, holds.zone) is None
    if result.late and holds.due and unknown and not counting.without_time and holds.rules.takes:
        needs.append(NeedsYou(kind="late", reason=LATE, said=Sentence(template=LATE)))
    if found.most_attempts and counting.number > found.most_attempts:
        said = Sentence(template=TOO_MANY, values={"number": str(counting.number),
                                                   "most": str(found.most_attempts)})
        needs.append(NeedsYou(kind="attempts", reason=TOO_MANY % said.values, said=said))
    return needs
