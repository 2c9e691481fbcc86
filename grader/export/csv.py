"""grades.csv: a row for each student, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from grader import records
from grader.export.out import Out, put
from grader.report import persons, safe_text
from grader.report.cohort import ordered, worst

# What makes a spreadsheet compute a cell, its full-width forms too (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
# The same behind a sign at which a spreadsheet of another country begins a new cell.
_HIDDEN = re.compile(r'([;,\t]["\s]*)(?=[=+\-@|%＝＋－＠])')
SEPARATORS = ",", ";"
# Excel takes a file for UTF-8 by this sign alone, in Germany and in the US; other programs pass over it.
BOM = "\ufeff"
Cell = str | float | None


def write(results: Iterable[records.Result], out: Out, weights: Mapping[str, float] | None = None, *,
          separator: str = ",", pass_mark: float = 0.0) -> None:
    """Columns: student, name; for each exercise its score, maximum and status; then the total, its maximum
    and status. Where the course has rules, each exercise has its raw points and the penalty too, whose
    difference the score is; where it has a pass mark, the last column says `yes` or `no`.

    What is withheld or unclear has no score, and its student no total; what was not handed in is `missing`.
    What is `excused` is in neither the total nor its maximum, a bonus in the total alone.
    The last status is the worst that a mark has: `withheld`, `unclear`, `provisional`, `unreadable`, then
    `graded`; it is `missing` where nothing was handed in at all. Exercises come in the order of `weights`, by
    which their points are multiplied in the total; what is not in it comes last and counts once. The last
    column says which marks a tutor has set: of which checks, or of the submission as a whole.

    Args:
        pass_mark: the share of the total's maximum that passes.
        separator: with a semicolon numbers have a decimal comma, as Excel in Germany reads them.
    """
    by_student: dict[str, dict[str, records.Result]] = defaultdict(dict)
    for result in (results := list(results)):
        by_student[result.student][result.exercise] = result
    names, weights = persons.names(results), weights or {}
    exercises = ordered({name for handed_in in by_student.values() for name in handed_in}, weights)
    full = {name: max(h[name].max_score for h in by_student.values() if name in h) for name in exercises}
    ruled = any(result.rules for result in results)
    bonus = {result.exercise for result in results if result.on_top}
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n", delimiter=separator)
    columns = (*(("raw", "penalty") if ruled else ()), "score", "max", "status")
    sheet.writerow(["student", "name", *(f"{safe(name)} {what}" for name in exercises for what in columns),
                    "total", "total max", "status", *(["passed"] if pass_mark else []), "set by the tutor"])
    for student in sorted(by_student, key=lambda id: persons.order(names[id], id)):
        row = [*_row(by_student[student], full, weights, bonus, ruled=ruled)]
        row += [_passed(row, pass_mark)] if pass_mark else []
        row.append(safe(_by_tutor(by_student[student], exercises)))
        sheet.writerow([safe(student), safe(names[student]), *(
            cell if isinstance(cell, str) else "" if cell is None else
            number(cell).replace(".", "," if separator == ";" else ".") for cell in row)])
    put(BOM + text.getvalue(), out)


def _row(results: Mapping[str, records.Result], full: Mapping[str, float], weights: Mapping[str, float],
         bonus: Collection[str], *, ruled: bool) -> Iterable[Cell]:
    total = maximum = 0.0
    for name, out_of in full.items():
        result, weight = results.get(name), weights.get(name, 1.0)
        status = result.status if result else records.Status.MISSING
        most = out_of if result is None or status is records.Status.MISSING else result.max_score
        if status is not records.Status.EXCUSED:
            maximum += 0.0 if name in bonus else weight * most
            total += weight * ((result and result.score) or 0.0)
        if ruled:
            marked = result is not None and result.score is not None
            yield from (result.raw, result.penalty) if result and marked else (None, None)
        yield from (result.score if result else None, most, status.value)
    status = worst(results.values())
    has_total = status in (records.Status.GRADED, records.Status.UNREADABLE)
    yield from (total if has_total else None, maximum, status.value)


def _passed(row: Sequence[Cell], pass_mark: float) -> str:
    """Whether somebody has passed; "" while a mark is open, and for who is excused from all. Who has handed
    in nothing has not."""
    *_, total, maximum, status = row
    if isinstance(total, float) and isinstance(maximum, float):
        return "yes" if total + 1e-9 >= pass_mark * maximum else "no"
    return "no" if status == records.Status.MISSING.value else ""


def _by_tutor(results: Mapping[str, records.Result], exercises: Iterable[str]) -> str:
    """What is a tutor's own mark: "he_init: variance, mean; devices: as a whole"."""
    said = []
    for name in exercises:
        result = results.get(name)
        marks = [check.id for check in result.checks if check.by != "grader"] if result else []
        if result and result.by != "grader":
            marks.append(f"bonus {number(result.bonus)}" if result.bonus else "as a whole")
        said += [f"{name}: {', '.join(marks)}"] if marks else []
    return "; ".join(said)


def number(value: float) -> str:
    """At most four decimals, a point, no exponent."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def safe(text: str) -> str:
    """Text that a spreadsheet takes for text: what would be computed gets an apostrophe in front."""
    shown = _HIDDEN.sub(r"\1'", safe_text.line(text))
    return f"'{shown}" if text.lstrip(" ").startswith(_FORMULA) or shown.startswith(_FORMULA) else shown
