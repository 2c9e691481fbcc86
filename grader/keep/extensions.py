"""extensions.csv: who may hand in later, and who need not."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import tzinfo
from pathlib import Path

from grader.errors import Mendable
from grader.exercise.rules import moment
from grader.intake import tables
from grader.keep.known import Known, same_name
from grader.keep.policy import is_by
from grader.wall.values import Record

HEADS = "student", "exercise", "due", "reason"
EVERY = "*"
EXCUSED = "excused"


class ExtensionError(Mendable):
    """A list of extensions that cannot be followed: a line for each fault, with file and line."""


class Extension(Record, frozen=True, kw_only=True):
    """A line of it. The reason is the tutor's own and is not kept."""

    student: str             # an id, or a name that one person has
    exercise: str            # or EVERY
    due: str                 # a date and time, "+2d", "+36h", or EXCUSED
    line: int


def read(path: Path, exercises: Collection[str], zone: tzinfo | None) -> tuple[Extension, ...]:
    """Everybody on a list.

    Args:
        exercises: that there are.
        zone: the course's.

    Raises:
        IntakeError: it is no table.
        ExtensionError: a line of it cannot be followed.
    """
    table = tables.read(path)
    heads = [head.casefold() for head in table.heads]
    odd = [head for head in table.heads if head.casefold() not in HEADS]
    lacking = [head for head in HEADS[:3] if head not in heads]
    if odd or lacking or len(set(heads)) < len(heads):
        raise ExtensionError(f"{path}:1: its columns are {', '.join(table.heads)}; a list of extensions has "
                             f"{', '.join(HEADS)}")
    found, faults, first = [], list[str](), dict[tuple[str, str], int]()
    for line, cells in table.rows:
        row = {head: unicodedata.normalize("NFC", cell.strip())
               for head, cell in zip(heads, cells, strict=True)}
        due = EXCUSED if row["due"].casefold() == EXCUSED else row["due"]
        one = Extension(student=row["student"], exercise=row["exercise"], due=due, line=line)
        if fault := _fault(one, exercises, zone):
            faults.append(f"{path}:{line}: {fault}")
        earlier = first.setdefault((one.student.casefold(), one.exercise), line)
        if earlier != line:
            faults.append(f"{path}:{line}: {one.student!r} and {one.exercise!r} stand in line {earlier} "
                          "already: keep one")
        found.append(one)
    if faults:
        raise ExtensionError("\n".join(faults))
    return tuple(found)


def _fault(one: Extension, exercises: Collection[str], zone: tzinfo | None) -> str:
    """Why a line cannot be followed; "" where it can."""
    if not one.student:
        return "student is empty: an id, or a name"
    if one.exercise != EVERY and one.exercise not in exercises:
        return f"there is no exercise {one.exercise!r}; there are {EVERY}, {', '.join(sorted(exercises))}"
    if one.due == EXCUSED or is_by(one.due):
        return ""
    try:
        moment(one.due, zone)
    except ValueError as error:
        if "timezone" in str(error):
            return f"{error} in course.toml"
        return f"due is {one.due!r}; it is 2026-11-22 23:59, +2d, +36h or {EXCUSED}"
    return ""


class Granted:
    """Whose each line is."""

    def __init__(self, extensions: Iterable[Extension], people: Sequence[Known]) -> None:
        self._of: dict[str, list[Extension]] = {}
        self.notes = list[str]()
        for one in extensions:
            whose = _meant(one.student, people)
            if len(whose) == 1:
                self._of.setdefault(whose[0].person.id, []).append(one)
            else:
                why = (f"may be {' or '.join(sorted(each.person.id for each in whose))}, give the id" if whose
                       else "is nobody's id or name here yet")
                self.notes.append(f"extensions, line {one.line}: {one.student!r} {why}; it counts for nobody")

    def to(self, student: str, exercise: str) -> list[Extension]:
        """What somebody was granted."""
        return [one for one in self._of.get(student, ()) if one.exercise in (EVERY, exercise)]

    def excused(self) -> set[tuple[str, str]]:
        """Who need not hand in what, `*` among the exercises."""
        return {(student, one.exercise) for student, those in self._of.items() for one in those
                if one.due == EXCUSED}


def _meant(who: str, people: Sequence[Known]) -> list[Known]:
    """An id comes before a name."""
    folded = who.casefold()
    for found in ([one for one in people if one.person.id == who],
                  [one for one in people if folded in {each.casefold() for each in one.ids}],
                  [one for one in people if folded == one.person.email.casefold()],
                  [one for one in people if same_name(who, one.person.name)]):
        if found:
            return found
    return []


def without(extensions: Iterable[Extension], person: Known) -> list[Extension]:
    """What is left when somebody's lines are taken out."""
    return [one for one in extensions if not _meant(one.student, [person])]
