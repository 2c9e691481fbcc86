"""Verdicts -> other programs' formats, one to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.export import canvas, classroom, csv, github, gradescope, junit, moodle, nbgrader
from grader.export.csv import number
from grader.export.filling import Filled, Wish
from grader.export.out import ExportError, Out
from grader.records import Result
from grader.report.calculation import as_student

_READ_BY_STUDENTS = "github", "gradescope", "junit", "classroom"


def fill(form: str, results: Sequence[Result], worksheet: Path | None, *, everybody: Sequence[Result],
         notebooks: Mapping[tuple[str, str], str], wish: Wish, assignments: Mapping[str, str],
         language: str = "en") -> Filled:
    """A tutor's own sheet with the marks in it, not written yet: "moodle", or "canvas" with its gradebook.

    Args:
        everybody: all results there are, of whom `results` are those of some exercises.
        notebooks: (student, exercise) -> the cleaned submission.

    Raises:
        ExportError: an option that the format needs is missing, or the sheet does not fit.
    """
    if form == "canvas" and worksheet:
        return canvas.fill(results, worksheet, everybody=everybody, wish=wish,
                           assignments=_named(assignments))
    if worksheet is None:
        raise ExportError("moodle: give the grading worksheet that you downloaded with --worksheet FILE")
    return moodle.fill(results, worksheet, everybody=everybody, notebooks=notebooks, wish=wish,
                       language=language)


def write(form: str, results: Sequence[Result], out: Out, *, assignments: Mapping[str, str] | None = None,
          summary: Path | None = None, notebooks: Mapping[tuple[str, str], str] | None = None,
          language: str = "en", weights: Mapping[str, float] | None = None,
          separator: str = ",", pass_mark: float = 0.0) -> list[str]:
    """Write in one format; returns what the tutor should know of it, in lines. What students read, as they do
    of a CI service, says of hidden checks what their report says.

    Raises:
        ExportError: an option that the format needs is missing, or does not fit.
    """
    if form in _READ_BY_STUDENTS:
        results = [as_student(result) for result in results]
    match form:
        case "canvas":
            return canvas.write(results, out, assignments=_named(assignments))
        case "github":
            github.write(results, out, summary=summary, notebooks=notebooks, language=language)
        case "gradescope":
            gradescope.write(results, out, language=language)
        case "junit":
            junit.write(results, out)
        case "classroom":
            classroom.write(results, out)
            return [f"{result.student} {result.exercise}: {number(result.penalty)} points are taken for "
                    "lateness, which GitHub Classroom has no place for: its sum is that of the checks"
                    for result in results if result.penalty]
        case "nbgrader":
            nbgrader.write(results, out)
        case "csv":
            csv.write(results, out, weights, separator=separator, pass_mark=pass_mark)
        case _:
            raise ExportError(f"there is no format {form!r}")
    return []


def _named(assignments: Mapping[str, str] | None) -> Mapping[str, str]:
    if not assignments:
        raise ExportError("canvas: name its assignments, with their numbers: "
                          "--assignment 'EXERCISE=Title (12345)'")
    return assignments
