"""nbgrader: the columns of its own CSV export, a row for each person and exercise."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from grader.export.csv import number, safe
from grader.export.out import Out, put
from grader.records import Result

_COLUMNS = ("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
            "raw_score", "late_submission_penalty", "score", "max_score")


def write(results: Iterable[Result], out: Out) -> None:
    """Blank is what nobody knows, and the scores of those who have no mark. A name that does not say which of
    it is the family's is a last name."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(_COLUMNS)
    for result in results:
        last, _, first = (part.strip() for part in result.name.partition(","))
        due, came = (result.rules.due, result.rules.counting) if result.rules else ("", None)
        raw, penalty, score = ("", "", "") if result.score is None else map(
            number, (result.raw or 0.0, result.penalty, result.score))
        sheet.writerow([*map(safe, (result.exercise, due, came.handed_in_at if came else result.handed_in_at,
                                    result.student, last, first)),
                        "", raw, penalty, score, number(result.max_score)])
    put(text.getvalue(), out)
