"""One result as a self-contained HTML page: no script, no network, and a policy that says so."""

from __future__ import annotations

from grader.records import Result
from grader.report import page, safe_text
from grader.report.story import tell


def render(result: Result, notebook: str, *, language: str = "en", executed_href: str | None = None) -> str:
    """The student's page. `notebook` is the cleaned submission, to quote from; "" where there is none."""
    story = tell(result, notebook, language=language)
    return page.html("student.html.j2", language, story=story, executed=safe_text.href(executed_href or ""))
