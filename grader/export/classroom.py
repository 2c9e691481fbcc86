"""GitHub Classroom: the JSON that its autograding reporter reads, plain or as the step's output `result`."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from grader import records
from grader.export.out import Out, put
from grader.report import safe_text

_VERSION = 1
_STATUS = {records.Mark.PASS: "pass", records.Mark.GRADER_ERROR: "error"}


def write(results: Iterable[records.Result], out: Out, *, encoded: bool = False) -> None:
    """`encoded`: one line, `result=` and the JSON in base64, as it is appended to $GITHUB_OUTPUT."""
    results = list(results)
    tests = [test for result in results for test in _tests(result)]
    withheld = any(result.score is None for result in results)
    passed = all(test["status"] == "pass" for test in tests)
    document = {"version": _VERSION, "status": "error" if withheld else "pass" if passed else "fail",
                "max_score": sum(result.max_score for result in results), "tests": tests}
    content = msgspec.json.encode(document)
    text = f"result={base64.b64encode(content).decode()}"
    if not encoded:
        text = msgspec.json.format(content).decode()
    put(text + "\n", out)


def _tests(result: records.Result) -> Iterable[dict[str, Any]]:
    if not result.checks:
        mark = records.Mark.GRADER_ERROR if result.score is None else records.Mark.FAIL
        yield _test(result, "submission", mark, result.score or 0.0, result.reason)
    for v in result.checks:
        if v.mark is not records.Mark.NOT_AVAILABLE:
            told = (v.message if v.visible else "", v.advice)
            yield _test(result, v.title, v.mark, v.points, " ".join(filter(None, told)))


def _test(result: records.Result, name: str, mark: records.Mark, score: float, message: str) -> dict[str,
                                                                                                     Any]:
    # The reporter prints them into the job's log as they are.
    title, path = (safe_text.no_commands(safe_text.line(text))
                   for text in (f"{result.exercise}: {name}", result.notebook.path))
    told = safe_text.no_commands(safe_text.line(message, 2000))
    return {"name": title, "status": _STATUS.get(mark, "fail"), "score": score, "message": told,
            "test_code": "", "filename": path, "line_no": 0, "duration": 0}
