"""GitHub Actions: annotations for the job's log, and a summary of the step.

Nothing of a student's is printed raw: a line that starts with "::" would be a command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from grader import records
from grader.export.csv import number
from grader.export.out import Out, put
from grader.report import markdown, safe_text

_MOST = 10                        # of errors, and of warnings, that GitHub shows of one step
_SUMMARY_BYTES = 1_000_000        # GitHub refuses more than 1 MiB
_ERRORS = (records.Mark.FAIL, records.Mark.PARTIAL)


def write(results: Iterable[records.Result], out: Out, *, summary: Path | None = None,
          notebooks: Mapping[tuple[str, str], str] | None = None, language: str = "en") -> None:
    """Annotations to `out`, worst first; the reports as Markdown at the end of the file `summary`, where
    given."""
    results = list(results)
    put("".join(f"{line}\n" for line in _annotations(results)), out)
    if summary is not None:
        text = "\n\n".join(markdown.render(x, (notebooks or {}).get((x.student, x.exercise), ""),
                                           language=language)
                           for x in results)
        with summary.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_shortened(text))


def _annotations(results: Iterable[records.Result]) -> Iterable[str]:
    results = list(results)
    wrong = [(result, v) for result in results for v in result.checks if v.mark in _ERRORS]
    wrong.sort(key=lambda pair: pair[1].points - pair[1].max_points)
    withheld = [(result, result.reason or result.status.value) for result in results if result.score is None]
    unreadable = [(result, result.reason) for result in results if result.status is records.Status.UNREADABLE]
    errors = [_command("error", result, "unreadable", reason) for result, reason in unreadable]
    errors += [_command("error", result, v.title, _annotation(v)) for result, v in wrong]
    yield from _limited(errors, "error")
    yield from _limited([_command("warning", x, f"no mark: {x.status.value}", reason)
                         for x, reason in withheld], "warning")
    for result in results[:_MOST]:
        points = (result.status.value if result.score is None
                  else f"{number(result.score)}/{number(result.max_score)}")
        if result.penalty:
            points += f" ({number(result.raw or 0.0)} - {number(result.penalty)} for lateness)"
        yield _command("notice", result, result.exercise, f"Points {points}")


def _annotation(verdict: records.Verdict) -> str:
    return " ".join(filter(None, (verdict.message if verdict.visible else "",
                                  verdict.advice))) or "not passed"


def _limited(lines: list[str], level: str) -> list[str]:
    if len(lines) <= _MOST:
        return lines
    return [*lines[: _MOST - 1], f"::{level}::and {len(lines) - _MOST + 1} more: see the summary"]


def _command(level: str, result: records.Result, title: str, message: str) -> str:
    properties = {"file": safe_text.line(result.notebook.path), "title": safe_text.line(title)}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level} {written}::{_data(safe_text.line(message, 1000))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _shortened(text: str) -> str:
    content = text.encode("utf-8", "backslashreplace")
    if len(content) <= _SUMMARY_BYTES:
        return text
    return content[:_SUMMARY_BYTES].decode("utf-8", "ignore").rpartition("\n")[0] + "\n\n(shortened)\n"
