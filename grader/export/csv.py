"""grades.csv: a row for each student, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping

from grader import records
from grader.export.out import Out, put
from grader.report import safe_text
from grader.report.cohort import ordered

# What makes a spreadsheet compute a cell, its full-width forms too (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def write(results: Iterable[records.Result], out: Out, weights: Mapping[str, float] | None = None) -> None:
    """Columns: student; for each exercise its score, maximum and status; then the total, its maximum and
    status.

    What is withheld has no score, and its student no total; what was not handed in is `missing`. The last
    status is the worst that a mark has: `withheld`, then `unreadable`, then `graded`. Exercises come in the
    order of `weights`, by which their points are multiplied in the total; what is not in it comes last and
    counts once.
    """
    by_student: dict[str, dict[str, records.Result]] = defaultdict(dict)
    for result in results:
        by_student[result.student][result.exercise] = result
    weights = weights or {}
    exercises = ordered({name for handed_in in by_student.values() for name in handed_in}, weights)
    full = {name: max(h[name].max_score for h in by_student.values() if name in h) for name in exercises}
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(["student", *(f"{safe(name)} {what}" for name in exercises
                                 for what in ("score", "max", "status")),
                    "total", "total max", "status"])
    for student in sorted(by_student):
        sheet.writerow([safe(student), *_row(by_student[student], full, weights)])
    put(text.getvalue(), out)


def _row(results: Mapping[str, records.Result], full: Mapping[str, float],
         weights: Mapping[str, float]) -> Iterable[str]:
    total = maximum = 0.0
    for name, out_of in full.items():
        result, weight = results.get(name), weights.get(name, 1.0)
        if result is None:
            maximum += weight * out_of
            yield from ("", number(out_of), "missing")
            continue
        maximum += weight * result.max_score
        total += weight * (result.score or 0.0)
        yield from ("" if result.score is None else number(result.score), number(result.max_score),
                    result.status.value)
    status = _overall(results)
    yield from ("" if status is records.Status.WITHHELD else number(total), number(maximum), status.value)


def _overall(results: Mapping[str, records.Result]) -> records.Status:
    found = {records.Status.WITHHELD if result.score is None else result.status
             for result in results.values()}
    return next(status for status in (records.Status.WITHHELD, records.Status.UNREADABLE,
                                      records.Status.GRADED) if status in found)


def number(value: float) -> str:
    """At most four decimals, a point, no exponent."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def safe(text: str) -> str:
    """Text that a spreadsheet takes for text: what would be computed gets an apostrophe in front."""
    shown = safe_text.line(text)
    return f"'{shown}" if text.lstrip(" ").startswith(_FORMULA) or shown.startswith(_FORMULA) else shown
