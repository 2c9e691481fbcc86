"""What the tutor gives -> everybody in it, what of theirs is graded, and what becomes of every file.

    source ──► Tree ──► Reading      whose each file is, by its layout
    Readings, roster ──► Claims      who is who, and what each file says of itself
    Claims, mapping ──► Intake       which counts
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader.intake import layouts, mapping, people, roster
from grader.intake.called import called
from grader.intake.choosing import Wanted, chosen
from grader.intake.claims import Claim, Source
from grader.intake.edited import EDITED, Edited, nobodys
from grader.intake.guesses import guessed
from grader.intake.handed import Handed, IntakeError, Tree
from grader.intake.layouts.moodle_times import timed
from grader.intake.mapping import Row
from grader.intake.nodes import NUMBERED, Place
from grader.intake.people import Standing
from grader.intake.reading import looked
from grader.intake.telling import told
from grader.intake.tree import opened
from grader.records import AnySubmission, Person

OURS = ("gradebook.sqlite", "results.jsonl")      # by these a folder that a batch wrote is known
WRITTEN = "an earlier batch wrote what is in it"
NOBODYS = "nothing says whose it is"
NAMES = "names"                                   # folders and the like, and the tutor's roster
EACH = 3                                          # of them, among one person's files
SHOWN = 20                                        # files that are nobody's, and people in one note


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Everybody, and what there is to grade."""

    submissions: tuple[AnySubmission, ...]   # by person and exercise
    people: tuple[Person, ...]            # on the roster or in a source
    roster: frozenset[str] | None         # the ids of those on the roster; None where none is given
    passing: frozenset[str]               # the ids that belong to one assignment, as Moodle's do
    kinds: Mapping[str, Mapping[str, frozenset[str]]]   # a person -> their ids -> the kinds of source
    said: tuple[str, ...]                 # how each source was read
    notes: tuple[str, ...]                # what the tutor should know
    rows: tuple[Row, ...]                 # what becomes of every file


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says."""

    exercises: Collection[str]            # the names in the catalogue
    default: str | None = None            # the exercise of what says nothing itself
    only: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    mapping: Path | None = None
    roster: tuple[Path, ...] = ()


@contextmanager
def read_sources(sources: Sequence[Path], exercises: Collection[str], *, default: str | None = None,
                 layout: str | None = None, only: Sequence[str] = (), prefer: Sequence[str] = (),
                 mapping: Path | None = None, roster: Sequence[Path] = ()) -> Iterator[Intake]:
    """Several sources of one class. What is unpacked of them is there as long as the context.

    Raises:
        IntakeError: a source, the roster or the mapping cannot be read or followed.
    """
    asked = Asked(exercises=exercises, default=default, only=tuple(only), prefer=tuple(prefer),
                  mapping=mapping, roster=tuple(roster))
    if unknown := [name for name in only if name not in exercises]:
        raise IntakeError(f"--only: there is no exercise {unknown[0]!r}; there are "
                          f"{', '.join(sorted(exercises))}")
    with tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True) as scratch:
        yield taken_in(_read(sources, exercises, layout, Path(scratch)), asked)


def _read(sources: Sequence[Path], exercises: Collection[str], layout: str | None,
          scratch: Path) -> list[Source]:
    once = list({source.resolve(): source for source in sources}.values())
    names = [source.resolve().name for source in once]
    found = []
    for number, source in enumerate(once):
        tree = _without_ours(opened(source, scratch / str(number)))
        name = names[number] if names.count(names[number]) == 1 else str(source)
        found.append(Source(label=name if len(once) > 1 else "", tree=tree,
                            reading=layouts.chosen(tree, exercises, layout)))
    return found


def _without_ours(tree: Tree) -> Tree:
    """A tree without what an earlier batch wrote into it: that is nobody's."""
    folders = {file.relative.rpartition("/")[0] for file in tree.files
               if file.relative.rpartition("/")[2] == OURS[0]}
    there = {file.relative for file in tree.files}
    folders = {folder for folder in folders if f"{folder}/{OURS[1]}".lstrip("/") in there}
    if "" in folders:
        raise IntakeError(f"{tree.source}: `grader batch` has written its reports here; give the folder or "
                          "archive with what was handed in")
    below = tuple(f"{folder}/" for folder in folders)
    return replace(tree, files=tuple(file for file in tree.files if not file.relative.startswith(below)),
                   refused=(*tree.refused, *((folder, WRITTEN) for folder in sorted(folders))))


def taken_in(sources: Sequence[Source], asked: Asked) -> Intake:
    """What there is to grade in sources that are read."""
    listed = roster.read(asked.roster) if asked.roster else None
    readings, untimed = timed([source.reading for source in sources], asked.roster)
    sources = [replace(source, reading=one) for source, one in zip(sources, readings, strict=True)]
    raw, guesses = _claims(sources, asked)
    exercises = defaultdict[Place, set[str]](set)
    for claim in raw:
        exercises[claim.place] |= {claim.exercise} - {""}
    known = people.settled([source.reading for source in sources], exercises, listed)
    claims = [replace(claim, standing=standing) for claim in raw
              for standing in known.standings[claim.place]]
    everybody, ignored = {person.id: person for person in known.everybody}, _ignored(sources)
    new: list[str] = []
    if asked.mapping:
        edited = Edited(sources, claims, everybody, ignored)
        edited.follow(mapping.load(asked.mapping, edited.files, asked.exercises), asked.mapping)
        gone = {c.person.id for c in claims} - {c.person.id for c in edited.claims} - {
            one.person.id for one in listed or ()}
        new = [f"{asked.mapping}, {line}" for line in edited.told]
        new += [f"{asked.mapping}: {key!r} is new, nobody else is called so" for key in edited.new]
        claims, everybody = edited.claims, {key: edited.everybody[key] for key in edited.everybody
                                            if key not in gone}
    expected = people.ids(one.person for one in listed or ())
    there = {claim.person.id for claim in claims} | expected
    absent = [everybody[key] for key in sorted(everybody) if key not in there]
    new += [f"no file from {told(absent[at:at + SHOWN])}" for at in range(0, len(absent), SHOWN)]
    found = chosen(claims, Wanted(only=asked.only, prefer=asked.prefer))
    passed_over = _passed_over(sources, [row for row in ignored.values() if row.why != EDITED])
    return Intake(submissions=found.submissions, people=tuple(everybody[key] for key in sorted(everybody)),
                  roster=None if listed is None else expected,
                  passing=known.passing, kinds=_kinds(sources, known, expected),
                  said=tuple(line for source in sources for line in _said(source)),
                  notes=(*known.notes, *untimed, *guesses, *new, *found.notes, *passed_over),
                  rows=(*found.rows, *ignored.values()))


def _kinds(sources: Sequence[Source], known: people.People,
           listed: frozenset[str]) -> dict[str, dict[str, frozenset[str]]]:
    """By person: each id of theirs, and the kinds of source that have it for them. A team's is not theirs."""
    found = {key: {key: {NAMES}} for key in listed}
    for (number, key, _), standings in known.standings.items():
        layout = sources[number].reading.layout
        for one in standings:
            if not (one.team and one.source_id):
                ids = found.setdefault(one.person.id, {})
                ids.setdefault(key, set()).add(layout if layout in NUMBERED else NAMES)
    # a roster whose ids most of its people have in a download is of the same kind as that
    for kind in NUMBERED:
        theirs = [key for key in listed if any(kind in kinds for kinds in found[key].values())]
        if 2 * sum(kind in found[key][key] for key in theirs) > len(theirs):
            for key in listed:
                found[key][key].add(kind)
    return {person: {key: frozenset(kinds) for key, kinds in ids.items()} for person, ids in found.items()}


def _claims(sources: Sequence[Source], asked: Asked) -> tuple[list[Claim], list[str]]:
    """Every file that somebody handed in, with what it says itself and what can be guessed; and notes."""
    found = [_claim(number, source, handed, asked.exercises) for number, source in enumerate(sources)
             for handed in source.reading.handed]
    return guessed(found, asked.only, asked.default)


def _claim(number: int, source: Source, handed: Handed, exercises: Collection[str]) -> Claim:
    name = handed.name.rpartition("/")[2]
    says = called(name, exercises)
    look = None if handed.online else looked(handed.file.path, name, exercises)
    own = look.exercise if look else says.exercise
    folders = [handed.exercise, *reversed(handed.name.split("/")[:-1])]
    around = (one if one in exercises else called(one, exercises).exercise for one in folders if one)
    return Claim(source=number, label=source.called(handed.file.relative), handed=handed, look=look,
                 standing=Standing(person=handed.person), exercise=own or next(filter(None, around), ""),
                 sure=bool(own), old=says.old)


def _ignored(sources: Sequence[Source]) -> dict[str, Row]:
    """Files that are nobody's, by their names in the mapping."""
    whose = {source.called(each.file.relative) for source in sources for each in source.reading.handed}
    reasons = {source.called(file): why for source in sources
               for file, why in (*((file.relative, NOBODYS) for file in source.tree.files),
                                 *source.tree.refused, *source.reading.ignored)}
    return {file: nobodys(file, why) for file, why in reasons.items() if file not in whose}


def _passed_over(sources: Sequence[Source], rows: Sequence[Row]) -> list[str]:
    """A line for each file that is nobody's, a few for each person whose files it lies among."""
    places = defaultdict[str, set[str]](set)
    for source in sources:
        for each in source.reading.handed:
            if each.file.relative.endswith(f"/{each.name}"):
                places[source.called(each.file.relative.removesuffix(each.name))].add(each.person.id)
    lines, counts = list[str](), Counter[str]()
    for row in rows:
        parts = row.file.split("/")
        above = ["/".join(parts[:at]) + "/" for at in range(1, len(parts))]
        place = next((one for one in above if len(places[one]) == 1), above[-1] if above else "")
        counts[place] += 1
        if counts[place] <= (EACH if place and len(places[place]) < 2 else SHOWN) and len(lines) < SHOWN:
            lines.append(f"{row.file}: left out, {row.why}")
    if more := len(rows) - len(lines):
        lines.append(f"and {more} more are left out; --dry-run names them")
    return lines


def _said(source: Source) -> list[str]:
    """How a source was read: "Moodle, 120 participants, 3 without a file"."""
    reading = source.reading
    number = len({each.person.id for each in reading.handed} | people.ids(reading.without))
    noun = ("team" if any(each.team for each in reading.handed)
            else "participant" if reading.layout == "Moodle" else "student")
    line = f"{reading.layout}, {number} {noun}{'' if number == 1 else 's'}"
    line += f", {len(reading.without)} without a file" if reading.without else ""
    before = f"{source.label}: " if source.label else ""
    return [f"{before}{each}" for each in (line, *reading.said)]


def refuse_nothing(intake: Intake) -> None:
    """
    Raises:
        IntakeError: there is nothing to grade; says why.
    """
    if not intake.submissions:
        why = intake.notes[0] if intake.notes else "no notebooks (.ipynb)"
        raise IntakeError(f"nothing to grade: {why}")


def keep_apart(sources: Sequence[Path], target: Path, option: str) -> None:
    """Refuse to write on, in or above what was handed in.

    Raises:
        IntakeError: the target is one of these; says where else.
    """
    where = target.resolve()
    for source in (path.resolve() for path in sources):
        if any(_same(source, above) for above in (where, *where.parents)):
            elsewhere = source.parent / ("reports" if _same(source, where) else target.name or "reports")
            place = "is" if _same(source, where) else "lies in"
        elif any(_same(where, above) for above in source.parents):
            place, elsewhere = "holds", target / "reports"
        else:
            continue
        raise IntakeError(f"{option} {target} {place} what was handed in ({source}), and nothing is written "
                          f"there: say another place, such as {option} {elsewhere}")


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False
