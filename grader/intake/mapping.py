"""The mapping: what becomes of every file of every source, as a table that a tutor may change and give
back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.files import replace_file
from grader.intake import tables
from grader.intake.handed import IntakeError

GRADED, ALONG, LEFT_OUT = "graded", "goes along", "left out"
UNCLEAR, UNREADABLE, IGNORED = "unclear", "unreadable", "ignored"
USES = (GRADED, ALONG, LEFT_OUT, UNCLEAR, UNREADABLE, IGNORED)
NOBODYS = (LEFT_OUT, IGNORED)            # by these uses a file need not be anybody's
HEADS = ("file", "person", "name", "exercise", "attempt", "handed_in_at", "use", "why")
WANTED = ("file", "person", "exercise", "use")
SHORTENED = re.compile(r"\d[.,]?\d*E\+?\d+", re.IGNORECASE)   # how Excel writes long numbers


@dataclass(frozen=True, kw_only=True)
class Row:
    """What becomes of one file, for one person."""

    file: str                # below its source; with several sources, the source before it
    person: str              # the id; "" of what is nobody's
    name: str
    exercise: str            # "" of what is no notebook, and where nobody can tell
    attempt: int
    handed_in_at: str
    use: str                 # one of USES
    why: str                 # in a sentence


@dataclass(frozen=True, kw_only=True)
class Pin:
    """What a tutor's mapping says of a file."""

    line: int
    file: str
    person: str
    name: str
    exercise: str
    use: str
    handed_in_at: str = ""   # as the mapping has it; "": it does not say


def save(rows: Iterable[Row], path: Path, *, separator: str) -> None:
    """Write the mapping as a table to be changed in a spreadsheet.

    Raises:
        IntakeError: there is such a file already, which may hold a tutor's changes.
    """
    if path.exists():
        raise IntakeError(f"{path}: there already. Give it back with --mapping {path}, or save under another "
                          "name")
    replace_file(path, tables.written(HEADS, (
        (row.file, row.person, row.name, row.exercise, str(row.attempt or ""), row.handed_in_at, row.use,
         row.why) for row in rows), separator=separator))


def load(path: Path, files: Collection[str], exercises: Collection[str]) -> list[Pin]:
    """What a mapping says.

    Args:
        files: of the sources, as rows name them.
        exercises: the names in the catalogue.

    Raises:
        IntakeError: it cannot be followed; a line for each fault.
    """
    table = tables.read(path, ours=True)
    if lacking := [head for head in WANTED if head not in table.heads]:
        raise IntakeError(f"{path}: no column {', '.join(map(repr, lacking))}; a mapping has the columns "
                          f"{', '.join(HEADS)}")
    known = {_key(file): file for file in files} | {file: file for file in files}
    pins, faults = [], list[str]()
    for line, cells in table.rows:
        row = dict(zip(table.heads, cells, strict=True))
        pin = Pin(line=line, file=known.get(row["file"]) or known.get(_key(row["file"]), ""),
                  person=unicodedata.normalize("NFC", row["person"].strip()),
                  name=row.get("name", "").strip(), exercise=row["exercise"].strip(),
                  use=" ".join(row["use"].lower().split()),
                  handed_in_at=row.get("handed_in_at", "").strip())
        pins.append(pin)
        if fault := _fault(pin, row["file"], exercises):
            faults.append(f"{path}, line {line}: {fault}")
    faults += _twice(path, pins)
    if faults:
        raise IntakeError("\n".join(faults))
    return pins


def _fault(pin: Pin, file: str, exercises: Collection[str]) -> str:
    """Why a line cannot be followed; "" where it can."""
    if not pin.file:
        return f"there is no file {file!r} in the sources"
    if pin.use not in USES:
        return f"use is {pin.use!r}; it is one of {', '.join(USES)}"
    if pin.exercise and pin.exercise not in exercises:
        return f"there is no exercise {pin.exercise!r}; there are {', '.join(sorted(exercises))}"
    if not pin.person and pin.use not in NOBODYS:
        return f"{file!r} is {pin.use}, and person is empty: say whose it is, or that it is {LEFT_OUT}"
    if SHORTENED.fullmatch(pin.person):
        return f"person {pin.person!r} looks like a number that a spreadsheet has shortened: write it out"
    return ""


def _twice(path: Path, pins: Sequence[Pin]) -> list[str]:
    """A line for each person who would have two files graded in one exercise."""
    first: dict[tuple[str, str], Pin] = {}
    faults = []
    for pin in pins:
        if pin.use == GRADED and pin.file:
            other = first.setdefault((pin.person, pin.exercise), pin)
            if other is not pin:
                faults.append(f"{path}, line {pin.line}: {pin.file} and {other.file} (line {other.line}) are "
                              f"both to be graded for {pin.person!r} in {pin.exercise or 'one exercise'}: "
                              "keep one")
    return faults


def _key(file: str) -> str:
    return unicodedata.normalize("NFC", file).strip()
