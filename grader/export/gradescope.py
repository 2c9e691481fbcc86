"""Gradescope: results.json of one submission.

A withheld mark is written without any score: Gradescope then shows that the autograder failed, and nobody
gets a zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from grader import records
from grader.export.out import ExportError, Out, put
from grader.report.story import Item, Story, tell


def write(results: Iterable[records.Result], out: Out, *, language: str = "en",
          visibility: str = "visible") -> None:
    """One student's results. Hidden checks are listed too, without what they measured: a test that Gradescope
    hides would hide the total from the student.

    Raises:
        ExportError: results of more than one student.
    """
    results = list(results)
    if len({result.student for result in results}) > 1:
        raise ExportError("results.json holds one submission: choose one student")
    scores = [result.score for result in results if result.score is not None]
    withheld = len(scores) < len(results)
    stories = [(result, tell(result, "", language=language)) for result in results]
    document: dict[str, Any] = {
        "output": "\n".join(_summary(story) for _, story in stories), "output_format": "text",
        "visibility": visibility, "stdout_visibility": "hidden",
        "tests": [_test(verdict, item, withheld=withheld) for result, story in stories
                  for verdict, item in zip(result.checks, story.items, strict=True)]}
    if not withheld:
        document["score"] = sum(scores)
    put(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n", out)


def _summary(story: Story) -> str:
    if story.reason:
        return f"{story.title}: {story.words.gettext('Your notebook could not be read.')} {story.reason}"
    if story.no_mark:
        return f"{story.title}: {story.no_mark}"
    marks = f"{story.title}: {story.score} / {story.max_score}. {story.passed_of}."
    return "\n".join(filter(None, (marks, *story.by_tutor, story.wall)))


def _test(verdict: records.Verdict, item: Item, *, withheld: bool) -> dict[str, Any]:
    test: dict[str, Any] = {"name": item.title, "name_format": "text", "number": str(item.number),
                            "output": _output(item), "output_format": "text", "visibility": "visible"}
    if withheld or verdict.mark is records.Mark.NOT_AVAILABLE:
        return test
    status = "passed" if verdict.mark is records.Mark.PASS else "failed"
    return test | {"score": verdict.points, "max_score": verdict.max_points, "status": status}


def _output(item: Item) -> str:
    rows = [f"{m.what}: {m.measured} ({m.expected})" for m in item.measurements]
    return "\n".join(filter(None, (item.word, item.message, *rows, item.meaning, item.advice, item.read)))
