"""Canvas: a CSV for "Import grades" in the gradebook.

A column's heading must end in the assignment's number, "Sheet 3 (12345)": without it, Canvas makes a new
assignment.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grader import records
from grader.export.csv import number, safe
from grader.export.out import ExportError, Out, put

_ASSIGNMENT = re.compile(r".*\S \(\d+\)")
# name[_LATE]_<user>_<attachment>_<file>
_UPLOAD = re.compile(r"^(?:\w*?_)?(?:late_)?(\d+)_\d+_", re.IGNORECASE)
_NUMBER = re.compile(r"(?:^|_)(\d+)$")
_PLAIN_HEAD = ("Student", "ID", "Section")


def write(results: Iterable[records.Result], out: Out, *, assignments: Mapping[str, str],
          gradebook: Path | None = None) -> None:
    """One column for each exercise in `assignments`: exercise -> Canvas's heading, "Sheet 3 (12345)".

    `gradebook` is the CSV that Canvas exports; its student columns are kept, and students matched by ID, SIS
    fields or exact name. Without it a student is the Canvas user id, or a name that ends in it. Withheld
    marks stay blank, which changes nothing in Canvas.

    Raises:
        ExportError: a heading without a number, or a student who cannot be matched.
    """
    for heading in assignments.values():
        if not _ASSIGNMENT.fullmatch(heading):
            raise ExportError(f"{heading!r} has no assignment number: take the heading from Canvas's own "
                              "export, such as 'Sheet 3 (12345)', or Canvas makes a new assignment")
    results = [result for result in results if result.exercise in assignments]
    students = list(dict.fromkeys(result.student for result in results))
    head, people = _people(students, gradebook)
    full = {name: max((x.max_score for x in results if x.exercise == name), default=0.0)
            for name in assignments}
    by_key = {(result.student, result.exercise): result for result in results}
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow([*head, *assignments.values()])
    sheet.writerow(["    Points Possible", *[""] * (len(head) - 1),
                    *(number(full[name]) for name in assignments)])
    for student in students:
        sheet.writerow([*people[student], *(_score(by_key.get((student, name))) for name in assignments)])
    put(text.getvalue(), out)


def _score(result: records.Result | None) -> str:
    return "" if result is None or result.score is None else number(round(result.score, 2))


def _people(students: Sequence[str], gradebook: Path | None) -> tuple[Sequence[str],
                                                                      dict[str, Sequence[str]]]:
    """The student columns' heading, and each student's fields."""
    if gradebook is None:
        return _PLAIN_HEAD, {student: (safe(student), _user(student), "") for student in students}
    head, rows = _read(gradebook)
    keys: dict[str, list[Sequence[str]]] = {}
    for row in rows:
        for value in {field.strip().casefold() for field in row[:-1] if field.strip()}:
            keys.setdefault(value, []).append(row)
    people = {}
    for student in students:
        found = keys.get(student.strip().casefold()) or keys.get(_known_user(student), [])
        if len(found) != 1:
            raise ExportError(f"{gradebook}: {len(found)} rows fit {safe(student)!r}")
        people[student] = found[0]
    return head, people


def _read(path: Path) -> tuple[Sequence[str], list[Sequence[str]]]:
    """The columns up to Section of Canvas's export, without the rows that hold no student."""
    text = path.read_text(encoding="utf-8-sig")
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if not rows or "Section" not in rows[0] or "ID" not in rows[0]:
        raise ExportError(f"{path}: not a gradebook export of Canvas: no columns ID and Section")
    width = rows[0].index("Section") + 1
    students = [row[:width] for row in rows[1:] if len(row) >= width and row[rows[0].index("ID")].strip()]
    return rows[0][:width], [row for row in students if "Points Possible" not in row[0]]


def _known_user(student: str) -> str:
    match = _UPLOAD.match(student) or _NUMBER.search(student)
    return match.group(1) if match else ""


def _user(student: str) -> str:
    user = _known_user(student)
    if not user:
        raise ExportError(f"{safe(student)!r} does not end in a Canvas user id: give the gradebook that "
                          "Canvas exports")
    return user
