"""Canvas: the gradebook that it exports, filled in place; or a CSV of one's own for "Import Grades".

A column's heading must end in the assignment's number, "Sheet 3 (12345)": without it, Canvas makes a new
assignment.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from grader.export.csv import number, safe
from grader.export.filling import (
    EXCUSED,
    NOTHING,
    Change,
    Filled,
    Marked,
    Scale,
    Wish,
    decided,
    full_marks,
    marked,
    refused,
)
from grader.export.out import ExportError, Out, put
from grader.export.people import Named, Own, called, forms, owned, placed, run_together
from grader.export.sheet import Sheet
from grader.intake.cells import Field
from grader.intake.spelling import folded_name
from grader.records import Result

# An entry of Canvas's zip, and what older gradebooks hold as the student: all of it, or without the file.
ENTRY = re.compile(r"(?:(?P<name>\w*?)_)?(?P<late>late_)?(?P<user>[0-9]+)_(?P<attachment>[0-9]+)(?:_.*)?",
                   re.IGNORECASE | re.DOTALL)
_NAME_AND_USER = re.compile(r"(?P<name>\w*?)_(?P<user>[0-9]+)")
_ASSIGNMENT = re.compile(r".*\S \(\d+\)")
_NO_STUDENT = re.compile(r"\s*(?:muted|manual posting.*)?\s*", re.IGNORECASE)
_SIS = ("sis user id", "sis login id", "integration id")
_REMEDY = "set its points in Canvas and export the gradebook again"


def fill(results: Sequence[Result], worksheet: Path, *, everybody: Iterable[Result], wish: Wish,
         assignments: Mapping[str, str]) -> Filled:
    """Fill the gradebook that Canvas exported.

    Args:
        assignments: exercise -> the heading of its column, "Sheet 3 (12345)"; exercises of one column are
            added up.
        everybody: all results there are: a name that two have is nobody's.

    Raises:
        ExportError: it is no gradebook, has no such column, or the column's points are others and the tutor
            did not ask to scale.
    """
    by_heading = _columns(results, assignments)
    sheet = Gradebook(worksheet)
    chosen = [result for result in results if result.exercise in assignments]
    found = placed(owned(map(of_today, chosen)), sheet.finder(everybody))
    changes = refused(found, sheet.shown)
    notes: list[str] = []
    edits: list[tuple[Field, str]] = []
    for heading, exercises in by_heading.items():
        column = sheet.column(heading)
        full = full_marks(result for result in chosen if result.exercise in exercises)
        scale = Scale(wish, full, _REMEDY)
        for at, own in sorted(found.rows.items()):
            if not any(result.exercise in full for result in own.results):
                continue
            cell = sheet.rows[at][column]
            mark = marked(own, full)
            score, why = scale(mark, sheet.points(column))
            new, why = decided(cell, score, why, wish, comma=sheet.decimal_comma)
            if mark.why == EXCUSED and (wish.replace or cell.value.strip() in NOTHING):
                new = "EX"
            elif new and cell.value.strip().casefold() == "ex":
                new, why = "", "excused in Canvas (EX)"
            changes.append(Change(student=own.student, person=sheet.shown(at), heading=heading, new=new,
                                  old=cell.value.strip(), why=why))
            if new and wish.student in (None, own.student):
                edits.append((cell, new))
        notes += scale.notes()
    return Filled(content=sheet.with_edits(edits), notes=tuple(notes),
                  changes=tuple(one for one in changes if wish.student in (None, one.student)))


def write(results: Iterable[Result], out: Out, *, assignments: Mapping[str, str]) -> list[str]:
    """A sheet of one's own, for people whose id is a Canvas user id. Without a gradebook nothing else says
    who they are. Withheld marks stay blank, which changes nothing in Canvas.

    Returns:
        Who was left out, and why.

    Raises:
        ExportError: a heading without a number, or of an exercise without results.
    """
    results = list(results)
    by_heading = _columns(results, assignments)
    chosen = [result for result in results if result.exercise in assignments]
    users: dict[str, list[Own]] = {}
    left = []
    for own in owned(map(of_today, chosen)):
        user = _only_user(own)
        if user.isdecimal():
            users.setdefault(user, []).append(own)
        else:
            left.append(f"{own.shown}: left out, {user}")
    for user, several in users.items():
        if len(several) > 1:
            who = " and ".join(own.shown for own in several)
            left.append(f"{who}: left out, both are Canvas user {user}")
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    full = [full_marks(x for x in chosen if x.exercise in names) for names in by_heading.values()]
    sheet.writerow(["Student", "ID", "Section", *by_heading])
    sheet.writerow(["    Points Possible", "", "", *(number(sum(column.values())) for column in full)])
    for user, (own, *others) in users.items():
        if not others:
            sheet.writerow([safe(own.name or own.student), user, "",
                            *(_cell(marked(own, column)) for column in full)])
    put(text.getvalue(), out)
    return left


def _cell(mark: Marked) -> str:
    if mark.score is None:
        return "EX" if mark.why == EXCUSED else ""
    return number(round(mark.score, 2))


def _columns(results: Iterable[Result], assignments: Mapping[str, str]) -> dict[str, list[str]]:
    """Heading -> its exercises."""
    known = sorted({result.exercise for result in results})
    for exercise, heading in assignments.items():
        if exercise not in known:
            raise ExportError(f"--assignment {exercise}: no results of it here; there are {', '.join(known)}")
        if not _ASSIGNMENT.fullmatch(heading):
            raise ExportError(f"{heading!r} has no assignment number: take the heading from Canvas's own "
                              "export, such as 'Sheet 3 (12345)', or Canvas makes a new assignment")
    return {heading: [name for name, its in assignments.items() if its == heading]
            for heading in dict.fromkeys(assignments.values())}


def _only_user(own: Own) -> str:
    """A person's user id where nothing but the result tells it, else why it does not."""
    if any("_assignsubmission_" in result.notebook.path for result in own.results):
        return ("it came from Moodle, whose numbers are not those of Canvas: give the gradebook with "
                "--worksheet")
    ids = sorted(own.ids)
    if len(ids) == 1 and ids[0].isdecimal() and not own.as_one:
        return ids[0]
    return "its id is no Canvas user id: give the gradebook that Canvas exports with --worksheet"


def of_today(result: Result) -> Result:
    """A result whose student is an entry's name, as in older gradebooks, with the id and the name in it."""
    match = ENTRY.fullmatch(result.student)
    if match is None or result.source_id or result.student.startswith("anon_"):
        return result
    return structs.replace(result, source_id=match["user"], name=result.name or match["name"] or "")


def _came_from(user: str, result: Result) -> bool:
    """Did it come as an entry of Canvas's download, which says this user? Not what lies in a folder of that
    name: a student may call a file of theirs as they like."""
    parts = result.notebook.path.split("/")
    return user not in parts and any((match := ENTRY.fullmatch(part)) and match["user"] == user
                                     for part in parts)


class Gradebook(Sheet):
    """A gradebook export, its columns found.

    Raises:
        ExportError: it is none.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "a gradebook export of Canvas")
        head = [name.casefold() for name in self.heading]
        self._two_names = head[0] == "lastname"
        self._id = 2 if self._two_names else 1
        section = [at for at, name in enumerate(head) if "section" in name and at > self._id]
        if not (self._two_names or "student" in head[0]) or "id" not in head[self._id] or not section:
            raise ExportError(f"{path}: not a gradebook export of Canvas: no columns Student, ID, Section")
        self._section = section[0]
        self._sis = [at for at in range(self._id + 1, self._section) if head[at] in _SIS]
        self._points = next((row for row in self.rows if "Points Possible" in row[0].value), None)
        self._students = [at for at, row in enumerate(self.rows) if row is not self._points
                          and not all(_NO_STUDENT.fullmatch(field.value) for field in row)]
        self.decimal_comma = self.comma(range(self._section + 1, len(head)))
        self._names = [forms(self.name(at)) for at in range(len(self.rows))]
        self._by_user = self._index([self._id])
        self._by_sis = self._index(self._sis)

    def _index(self, columns: Iterable[int]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at in self._students:
            for value in {folded_name(self.rows[at][i].value) for i in columns} - {""}:
                found.setdefault(value, []).append(at)
        return found

    def column(self, heading: str) -> int:
        """Where an assignment's scores stand.

        Raises:
            ExportError: nowhere, or twice, or Canvas takes none there.
        """
        there = range(self._section + 1, len(self.heading))
        found = [at for at in there if self.heading[at] == heading.strip()]
        if len(found) != 1:
            known = [repr(name) for at in there if _ASSIGNMENT.fullmatch(name := self.heading[at])]
            raise ExportError(f"{self.path}: {len(found) or 'no'} columns are called {heading!r}; there are "
                              f"{', '.join(known) or 'none of assignments'}")
        if self._points and "read only" in self._points[found[0]].value:
            raise ExportError(f"{self.path}: Canvas takes no scores for {heading!r}: it is read only")
        return found[0]

    def points(self, column: int) -> float | None:
        """The assignment's; None where the gradebook does not say."""
        return (self._points[column].number if self._points else None) or None

    def user(self, at: int) -> str:
        return self.rows[at][self._id].value.strip()

    def name(self, at: int) -> str:
        row = self.rows[at]
        return (f"{row[0].value}, {row[1].value}" if self._two_names else row[0].value).strip()

    def shown(self, at: int) -> str:
        """The row, for the tutor."""
        return called(self.user(at), self.name(at))

    def finder(self, everybody: Iterable[Result]) -> Callable[[Own], Sequence[int] | str]:
        """Whose row is whose: the id first, a name only where there is no id, and never against a name."""
        named = Named(owned(map(of_today, everybody)))
        return lambda own: self._rows_of(own, named)

    def _rows_of(self, own: Own, named: Named) -> Sequence[int] | str:
        if len(own.ids) > 1:
            return f"came under several ids ({', '.join(sorted(own.ids))}): choose with --only"
        if own.as_one:
            return "a team, which has no row of its own: give a --roster with groups when you grade"
        one = next(iter(own.ids))
        given = folded_name(one)
        # what a download calls somebody is Canvas's own id, and no school's
        sis = [] if any(result.source_id == one or _came_from(one, result) for result in own.results
                        ) else self._by_sis.get(given, [])
        with_id = sorted({*self._by_user.get(given, []), *sis})
        rows = [at for at in with_id if self._no_other_name(own, at)]
        if with_id and not rows:
            return f"the id is that of {self.shown(with_id[0])}"
        rows = rows or self._by_ending(one)
        if rows or given.isdecimal():
            return rows if len(rows) == 1 else f"{len(rows) or 'no'} rows have the id {given}"
        who = forms(own.name or own.student)
        rows = [at for at in self._students if who & self._names[at]]
        if len(rows) != 1:
            return f"{len(rows)} rows have this name" if rows else "no row fits"
        return rows if named.alone(own) else "others have this name too"

    def _by_ending(self, student: str) -> list[int]:
        """The row of "mullerjorg_501", where the name is that of user 501."""
        match = _NAME_AND_USER.fullmatch(student)
        return [at for at in self._by_user.get(match["user"], [])
                if run_together(match["name"]) & run_together(self.name(at))] if match else []

    def _no_other_name(self, own: Own, at: int) -> bool:
        return not own.name or bool(forms(own.name) & self._names[at]
                                    or run_together(own.name) & run_together(self.name(at)))
