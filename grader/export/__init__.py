"""Verdicts -> other programs' formats, one to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.export import canvas, classroom, csv, github, gradescope, junit, moodle
from grader.export.out import ExportError, Out
from grader.records import Result
from grader.report import safe_text


def write(form: str, results: Sequence[Result], out: Out, *, worksheet: Path | None = None,
          assignments: Mapping[str, str] | None = None, summary: Path | None = None,
          notebooks: Mapping[tuple[str, str], str] | None = None, language: str = "en",
          weights: Mapping[str, float] | None = None, separator: str = ",") -> str:
    """Write in one format; returns what the tutor should know of it, empty where that is nothing.

    Raises:
        ExportError: an option that the format needs is missing, or does not fit.
    """
    match form:
        case "moodle":
            if worksheet is None:
                raise ExportError("moodle: give the grading worksheet that you downloaded with --worksheet "
                                  "FILE")
            return _filled_in(moodle.write(results, out, worksheet=worksheet, comments=True,
                                           language=language))
        case "canvas":
            if not assignments:
                raise ExportError("canvas: name its assignments, with their numbers: "
                                  "--assignment 'EXERCISE=Title (12345)'")
            canvas.write(results, out, assignments=assignments, gradebook=worksheet)
        case "github":
            github.write(results, out, summary=summary, notebooks=notebooks, language=language)
        case "gradescope":
            gradescope.write(results, out, language=language)
        case "junit":
            junit.write(results, out)
        case "classroom":
            classroom.write(results, out)
        case "csv":
            csv.write(results, out, weights, separator=separator)
        case _:
            raise ExportError(f"there is no format {form!r}")
    return ""


def _filled_in(filled: moodle.Filled) -> str:
    parts = [f"{filled.rows} rows filled"]
    for what in ("unmatched", "withheld", "locked"):
        students = getattr(filled, what)
        if students:
            parts.append(f"{len(students)} {what}, left as they were "
                         f"({', '.join(map(safe_text.line, students[:5]))})")
    return "; ".join(parts)
