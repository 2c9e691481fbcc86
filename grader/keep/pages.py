"""One submission's pages: its report, twice, and the notebook as executed, twice."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from grader.files import replace_file
from grader.keep.gradebook import Entry
from grader.keep.output import LAST, Output

_SIGN = "<!-- {} -->\n"      # behind a page of a notebook as executed: of what it was made


def write_pages(entry: Entry, output: Output, language: str, *, anew: bool = True) -> None:
    """Write the pages of what a gradebook has of a submission.

    Args:
        anew: the notebook as executed too, where its page is there already and nothing that it shows has
            changed: it costs as much as all the others.
    """
    from grader.report import markdown, student

    result, where = entry.result, entry.key
    if entry.executed:
        _write_executed(entry, output, language, anew=anew)
    else:   # those of an earlier attempt
        for suffix in (".ipynb", "-executed.html"):
            output.page(*where, suffix).unlink(missing_ok=True)
    href = f"{result.exercise}-executed.html" if entry.executed else None
    replace_file(output.page(*where, ".html"),
                 student.render(result, entry.notebook, language=language, executed_href=href))
    replace_file(output.page(*where, LAST), markdown.render(result, entry.notebook, language=language))


def _write_executed(entry: Entry, output: Output, language: str, *, anew: bool) -> None:
    from grader.report import apart, persons

    result, page = entry.result, output.page(*entry.key, "-executed.html")
    name, title = persons.shown(result.name, result.student), result.title or result.exercise
    made_of = "\0".join((name, title, language, entry.executed)).encode("utf-8", "surrogatepass")
    sign = _SIGN.format(hashlib.sha256(made_of).hexdigest()).encode()
    notebook = output.page(*entry.key, ".ipynb")
    if not anew and notebook.exists() and _ends(page, sign):
        return
    replace_file(notebook, entry.executed)
    replace_file(page, apart.executed(entry.executed, student=name, exercise=title, language=language,
                                      report=f"{result.exercise}.html"), sign)


def _ends(page: Path, sign: bytes) -> bool:
    try:
        with page.open("rb") as file:
            file.seek(-len(sign), os.SEEK_END)
            return file.read() == sign
    except OSError:
        return False
