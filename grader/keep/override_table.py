"""All of a tutor's overrides as a table: shown, written, changed in a spreadsheet and read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.files import replace_file
from grader.intake import tables
from grader.keep.gradebook import Gradebook, Key
from grader.keep.marking import Override
from grader.keep.output import Output
from grader.keep.overrides import OverrideError, Word, checked
from grader.keep.publish import opened, publish
from grader.records import Result
from grader.report import persons

HEADS = ("student", "name", "exercise", "check", "points", "bonus", "comment", "by", "made_at", "state",
         "submission")
SHOWN = ("person", "exercise", "check", "says", "by", "state")
WANTED = ("student", "exercise", "check", "points", "comment")
COUNTS, STALE, EARLIER, NO_CHECK = "counts", "stale", "of an earlier submission", "no such check"


def listed(out: Path) -> list[tuple[str, ...]]:
    """A row of cells, in the order of HEADS, for every override that says anything."""
    with opened(out) as book:
        return [*_rows(book)]


def _rows(book: Gradebook) -> Iterator[tuple[str, ...]]:
    names = {one.person.id: one.person.name for one in book.people()}
    results = _results(book)
    for one in book.desk.overrides():
        if one.says:
            yield (one.student, names.get(one.student, ""), one.exercise, one.check, _number(one.points),
                   _number(one.bonus or None), one.comment, one.by, one.made_at,
                   _state(one, results.get((one.student, one.exercise))), one.sha256)


def _results(book: Gradebook) -> dict[Key, Result]:
    return {(one.student, one.exercise): one for one in book.results(pictures=False)}


def _state(one: Override, result: Result | None) -> str:
    if result is None or one.sha256 != result.stamp:
        asked = result and any(need.kind == "stale-override" for need in result.needs_you)
        return STALE if asked else EARLIER
    return COUNTS if one.check in ("", *(check.id for check in result.checks)) else NO_CHECK


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def shown(out: Path) -> list[tuple[str, ...]]:
    """The same for a terminal, in the order of SHOWN."""
    rows = [dict(zip(HEADS, row, strict=True)) for row in listed(out)]
    return [(persons.shown(row["name"], row["student"]), row["exercise"], row["check"] or "as a whole",
             ", ".join(filter(None, [row["points"], row["bonus"] and f"bonus {row['bonus']}",
                                     row["comment"]])), row["by"], row["state"]) for row in rows]


def write(out: Path, to: Path, *, separator: str = ",") -> int:
    """Write them as a table for `read`; returns how many there are."""
    rows = listed(out)
    replace_file(to, tables.written(HEADS, rows, separator=separator))
    return len(rows)


def read(out: Path, table: Path, *, by: str) -> list[str]:
    """Take a table's overrides, all or none. A line without points, bonus and comment takes one back; what
    the table does not name stays. Each is for the submission that its line names, else for the one that
    counts.

    Returns:
        Whose mark is changed, a line each.

    Raises:
        OverrideError: the first line that cannot be taken, and why.
        IntakeError: the table cannot be read.
    """
    found = tables.read(table, ours=True)
    if lacking := [head for head in WANTED if head not in found.heads]:
        raise OverrideError(f"{table}: no column {lacking[0]!r}; there must be {', '.join(WANTED)}")
    with opened(out) as book:
        results = _results(book)
        words = []
        for line, cells in found.rows:
            try:
                words.append(_word(dict(zip(found.heads, cells, strict=True)), book, results, by))
            except OverrideError as error:
                raise OverrideError(f"{table}, line {line}: {error}; nothing was changed") from error
        book.desk.override(*(one for one in words if one is not None))
        publish(book, Output(out), touched={(one.student, one.exercise) for one in words if one is not None})
        return [*_told(results, _results(book))]


def _word(row: Mapping[str, str], book: Gradebook, results: Mapping[Key, Result], by: str) -> Override | None:
    """What a line says; None where it says what is so already."""
    key = row["student"].strip(), row["exercise"].strip()
    result = results.get(key)
    sha256 = row.get("submission", "").strip() or (result.stamp if result else "")
    made = Override(student=key[0], exercise=key[1], check=row["check"].strip(), sha256=sha256,
                    points=_points(row["points"]), bonus=_points(row.get("bonus", "")) or 0.0,
                    comment=row["comment"].strip(), by=by)
    there = next((o for o in book.desk.overrides(student=key[0], exercise=key[1])
                  if (o.check, o.sha256) == (made.check, sha256)), None)
    if (there is None and not made.says) or (there and there.word == made.word):
        return None
    if made.says:
        checked(_submission(book, key, sha256, result), Word(
            check=made.check, points=made.points, bonus=made.bonus, comment=made.comment))
    return made


def _submission(book: Gradebook, key: Key, sha256: str, result: Result | None) -> Result:
    """The submission that is meant, as it was judged."""
    if result and result.stamp == sha256:
        return result
    number = next((n for n, its in book.attempts().get(key, {}).items() if its == sha256), None)
    found = None if number is None else book.result(*key, number)
    if found is None:
        raise OverrideError(f"{key[0]} {key[1]}: " + (f"there is no submission {sha256}" if sha256 else
                                                      "nothing was handed in that counts"))
    return found


def _points(cell: str) -> float | None:
    text = cell.strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        raise OverrideError(f"{cell.strip()!r} is no number") from None


def _told(before: Mapping[Key, Result], after: Mapping[Key, Result]) -> Iterator[str]:
    for key, now in after.items():
        was = before.get(key)
        if was and was != now:
            yield f"{key[0]} {key[1]}: {_number(was.score) or 'no mark'} -> {_number(now.score) or 'no mark'}"


