"""A student's notebook that lies without its checks: what to do, in a student's words."""

from __future__ import annotations

from pathlib import Path

from grader.locale import N_
from grader.report.wording import words

NO_FILE = N_("There is no file %(name)s in this folder. Go into the folder of the exercise, where the "
             "notebook lies, and try again.")
ALONE = N_("%(name)s lies here without its checks. Put it back into the folder that you were given with it, "
           "beside exercise.toml, and check it there.")


def told(notebook: Path, language: str | None) -> str:
    """Why it cannot be checked where it lies."""
    message = ALONE if notebook.exists() else NO_FILE
    return words(language or "en").gettext(message) % {"name": notebook.name}
