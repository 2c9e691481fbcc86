"""Gradescope's export: `submission_7001/he_init.ipynb`, and who handed it in in `submission_metadata.yml`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import yaml

from grader.intake.called import text
from grader.intake.handed import Reading, Tree
from grader.intake.layouts.aside import small, when
from grader.intake.layouts.entries import OWN, Parts, Theirs, entries, hollow, reading
from grader.records import Person

DEEPEST = 100     # of a list in a list
METADATA = "submission_metadata.yml"
MAX_METADATA = 64 << 20        # with every test's output of every attempt
NOTHING = {"~", "null", "Null", "NULL"}     # where no quotes stand around it
SUBMISSION = re.compile(r"^submission_(?P<number>[0-9]+)(?:\.\w+)?$")


@dataclass(frozen=True, kw_only=True)
class _Submission:
    """What the metadata say of one."""

    people: tuple[Person, ...]
    at: str


class Gradescope:
    name = "gradescope"

    def fits(self, tree: Tree) -> bool:
        tops = {entry.parts[0] for entry in entries(tree)} | {parts[0] for parts in hollow(tree)}
        return 0 < len(tops - {METADATA}) <= 2 * sum(SUBMISSION.match(top) is not None for top in tops)

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:  # noqa: ARG002 - the export says no names
        known, said = _metadata(tree)
        nameless = set[str]()

        def whose(parts: Parts) -> tuple[Theirs, ...] | str:
            if parts == (METADATA,):
                return OWN
            found = SUBMISSION.match(parts[0])
            if found is None:
                return "Gradescope's export does not call it so"
            submission = known.get(parts[0].partition(".")[0])
            people = submission.people if submission else ()
            if not people:
                nameless.add(found["number"])
                # Beside student numbers, what stands for a person must not look like one.
                people = (Person(id=parts[0].partition(".")[0] if known else found["number"]),)
            team = f"submission {found['number']}" if len(people) > 1 else ""
            return tuple(Theirs(person=person, name="/".join(parts[1:]) or parts[0], team=team,
                                handed_in_at=submission.at if submission else "") for person in people)

        read = reading("Gradescope", "submission_<number>/<notebook>.ipynb", tree, whose)
        if nameless and not said:
            said = [f"{METADATA} names nobody for {len(nameless)} of the submissions; their numbers stand "
                    "for them"]
        return replace(read, said=tuple(said))


def _metadata(tree: Tree) -> tuple[dict[str, _Submission], list[str]]:
    """Each submission's people, by its folder; and what the tutor should know of it."""
    file = next((entry.file for entry in entries(tree) if entry.parts == (METADATA,)), None)
    if file is None:
        return {}, [f"no {METADATA}: the submissions' numbers stand for the people"]
    data = small(file.path, MAX_METADATA)
    try:
        read = _read(data or b"")
    except (yaml.YAMLError, ValueError):
        read = None
    if not isinstance(read, dict):
        return {}, [f"{METADATA} cannot be read: the submissions' numbers stand for the people"]
    raw = {key: value for key, value in read.items() if isinstance(value, dict)}
    emails = defaultdict[str, set[str]](set)
    for value in raw.values():
        for one in _submitters(value):
            emails[_said(one, ":sid")].add(_said(one, ":email"))
    shared = {sid for sid, several in emails.items() if len(several) > 1}
    people = {key: [_person(one, shared) for one in _submitters(value)] for key, value in raw.items()}
    return {text(key): _Submission(people=tuple(filter(None, people[key])),
                                   at=when(_said(value, ":created_at"))) for key, value in raw.items()}, []


def _read(data: bytes) -> object:
    """YAML as maps, lists and texts and nothing else. Where it is deep, PyYAML's loaders end the process, and
    its parser takes time in proportion to the square.

    Raises:
        YAMLError, ValueError: it is no YAML.
    """
    open_ = [list[object]()]
    for event in yaml.parse(data, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append([])
            if len(open_) > DEEPEST:
                raise ValueError("it is too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            items = open_.pop()
            is_map = isinstance(event, yaml.MappingEndEvent)
            open_[-1].append(dict(_pairs(items)) if is_map else items)
        elif isinstance(event, yaml.ScalarEvent):
            open_[-1].append("" if event.implicit[0] and event.value in NOTHING else event.value)
        elif isinstance(event, yaml.AliasEvent):
            open_[-1].append("")       # followed, a few of them can be more than any memory holds
    return next(iter(open_[0]), None)


def _pairs(items: list[object]) -> Iterator[tuple[str, object]]:
    return ((key, value) for key, value in zip(items[::2], items[1::2], strict=True) if isinstance(key, str))


def _submitters(submission: dict[str, object]) -> Iterator[dict[str, object]]:
    submitters = submission.get(":submitters")
    yield from (one for one in submitters if isinstance(one, dict)) if isinstance(submitters, list) else ()


def _person(submitter: dict[str, object], shared: set[str]) -> Person | None:
    """Their student number, else their address, says who it is; a number that two have says nothing."""
    sid, email = _said(submitter, ":sid"), _said(submitter, ":email")
    student = sid if sid and sid not in shared else email
    return Person(id=student, name=_said(submitter, ":name"), email=email) if student else None


def _said(record: dict[str, object], key: str) -> str:
    value = record.get(key)
    return text(value).strip() if isinstance(value, str) else ""
