"""A download meets what earlier ones left in the output folder: whose each submission is, whether it takes
the place of an older one, and who is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from grader.intake.rules import moment
from grader.intake.telling import some
from grader.keep.gradebook import Entry, Gradebook, points
from grader.keep.known import Kinds, Known
from grader.keep.people import Joined, joined
from grader.records import AnySubmission, HandedIn, NotebookFile, Person, Result, Status, Unclear, who
from grader.report import persons

Key = tuple[str, str]   # student, exercise
_NAMED = 5


def received(book: Gradebook, out: Path, submissions: Sequence[AnySubmission],
             people: Sequence[Person] = (), *,
             roster: frozenset[str] | None = None,
             passing: frozenset[str] = frozenset(),
             kinds: Mapping[str, Kinds] | None = None,
             found: Joined | None = None) -> tuple[list[AnySubmission], list[str]]:
    """A download's submissions under the gradebook's ids, without those that came too late to count; and what
    the tutor should know. The people are written down.

    Args:
        out: the output folder as the tutor named it.
        people, roster, passing, kinds: see `people.joined`.
        found: who is who, where that is settled already.
    """
    found = found or joined(book.people(), submissions, people, roster=roster, passing=passing, kinds=kinds)
    book.meet(found.people)
    words = book.words()
    there = {one.key: words.applied(one.result) for one in book.judged(pictures=False)}
    submissions = [_timed(one, there.get(key(one))) for one in found.submissions]
    old = {key(one): one for one in submissions if (was := there.get(key(one))) and older(one, was)}
    notes = [*found.notes, *(_too_old(one, there[where]) for where, one in old.items()),
             *_again(book.attempts(), [one for one in submissions if key(one) not in old]),
             *_kept(there, submissions, out)]
    if roster is not None:
        notes += _off_roster(there, found.people, out)
    return [one for one in submissions if key(one) not in old], notes


def _timed(one: AnySubmission, there: Result | None) -> AnySubmission:
    """The same, with the time that an earlier download told of this very file, where this one tells none."""
    if isinstance(one, Unclear) or one.handed_in_at or there is None or one.sha256 != there.notebook.sha256:
        return one
    return structs.replace(one, handed_in_at=there.handed_in_at)


def key(one: AnySubmission) -> Key:
    return one.student, one.exercise


def older(new: HandedIn, there: HandedIn) -> bool:
    """Does what arrives come before what is there? By the attempt where both say it, else by the time; never
    where nobody says."""
    if new.attempt and there.attempt and new.attempt != there.attempt:
        return new.attempt < there.attempt
    mine, theirs = moment(new.handed_in_at), moment(there.handed_in_at)
    if mine is None or theirs is None or (mine.tzinfo is None) != (theirs.tzinfo is None):
        return False
    return mine < theirs


def _too_old(one: AnySubmission, there: Result) -> str:
    said = [f"attempt {x.attempt}" if one.attempt and there.attempt and one.attempt != there.attempt
            else x.handed_in_at for x in (one, there)]
    return (f"{persons.shown(one.name, one.student)} {one.exercise}: left out, {said[0]} is older than what "
            f"counts, {said[1]}")


def _again(attempts: Mapping[Key, Mapping[int, str]], submissions: Iterable[AnySubmission]) -> Iterator[str]:
    """Whose file counted before and has not been the last one: it may be an old download."""
    for one in submissions:
        if isinstance(one, Unclear):
            continue
        *before, last = attempts.get(key(one), {0: ""}).items()
        number = next((number for number, sha256 in before if sha256 == one.sha256 != last[1]), None)
        if number is not None:
            yield (f"{persons.shown(one.name, one.student)} {one.exercise}: this is the file of attempt "
                   f"{number} again; it counts now, in place of attempt {last[0]}")


def _kept(there: Mapping[Key, Result], submissions: Iterable[AnySubmission], out: Path) -> list[str]:
    """Who was in an earlier download of an exercise, and is not in this one."""
    here = {key(one) for one in submissions}
    exercises = {exercise for _, exercise in here}
    gone = [result for where, result in there.items() if where not in here and where[1] in exercises]
    return [f"kept from an earlier download: {_listed(gone)}; {_takes_out(gone, out)}"] if gone else []


def _off_roster(there: Mapping[Key, Result], people: Iterable[Known], out: Path) -> list[str]:
    on_roster = {one.person.id for one in people if one.on_roster}
    off = [result for (student, _), result in there.items() if student not in on_roster]
    return [f"in the gradebook and not on the roster: {_listed(off)}; {_takes_out(off, out)}"] if off else []


def _listed(results: Sequence[Result]) -> str:
    return some([f"{persons.shown(one.name, one.student)} ({one.exercise} {points(one).replace('/', 'of')})"
                 for one in results], _NAMED)


def _takes_out(results: Sequence[Result], out: Path) -> str:
    who = {one.student for one in results}
    return (f"`grader remove {out} {results[0].student}` takes "
            + ("them out" if len(who) == 1 else "the first of them out"))


def changed(entry: Entry, one: AnySubmission) -> Entry | None:
    """An entry whose result stands, with what is known of who handed it in and when; None where that is
    known already."""
    was = entry.result
    notebook = was.notebook if isinstance(one, Unclear) else structs.replace(
        was.notebook, path=one.path, sha256=one.sha256)
    now = structs.replace(was, **who(one), notebook=notebook)
    return None if now == was else structs.replace(entry, result=now)


def missing(results: Iterable[Result], people: Iterable[Known]) -> list[Result]:
    """A row for whoever is on the roster and has not handed in an exercise that somebody else on it has: no
    mark, and never 0. (Where nobody on it has, the submissions are anonymous, or another class's.)"""
    roster = [one.person for one in people if one.on_roster]
    ids = {person.id for person in roster}
    there: dict[str, dict[str, Result]] = {}
    for result in results:
        there.setdefault(result.exercise, {})[result.student] = result
    found = []
    for exercise, handed_in in there.items():
        if not ids.isdisjoint(handed_in):
            most = max(handed_in.values(), key=lambda result: result.max_score)
            found += [_missing(person, exercise, most) for person in roster if person.id not in handed_in]
    return found


def _missing(person: Person, exercise: str, like: Result) -> Result:
    return Result(student=person.id, name=person.name, exercise=exercise, status=Status.MISSING, score=None,
                  max_score=like.max_score, checks=(), notebook=NotebookFile(path="", sha256=""),
                  made_by=like.made_by, title=like.title)
