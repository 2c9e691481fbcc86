"""One result as GitHub-flavoured Markdown: the same story as the HTML page, pictures told in words."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from grader.records import Result
from grader.report import page
from grader.report.story import tell

SHAPES = {"pass": "✔", "partial": "◐", "fail": "✘", "not-reached": "◌", "not-available": "⊖",
          "grader-error": "⚠"}

# What Markdown or GitHub would obey: inline marks, addresses that become links by themselves, and starts of
# blocks.
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]#|<>~$&]|(?<=www)\.|:(?=//)|^[ "
                          r"\t]*[-+=](?=\s|-|=|$)|(?<=\d)[.)](?=\s))", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


def render(result: Result, notebook: str, *, language: str = "en") -> str:
    """The student's report. `notebook` is the cleaned submission, to quote from; "" where there is none."""
    story = tell(result, notebook, language=language)
    text = _environment(language).get_template("student.md.j2").render(story=story, shapes=SHAPES)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@lru_cache
def _environment(language: str) -> Environment:
    made = page.environment(language).overlay()
    made.filters = {**made.filters, "text": text, "prose": prose, "code": code, "fence": fence,
                    "reference": reference}
    return made


def text(value: str) -> Markup:
    """Words that Markdown takes as they are: every mark of its own is escaped."""
    return Markup(_PUNCTUATION.sub(r"\\\1", value).replace("\n", "  \n"))  # escaped before


def prose(value: str) -> Markup:
    """A sentence, with `code` set as code."""
    parts = _CODE.split(value)
    return Markup("").join(code(part) if i % 2 else text(part) for i, part in enumerate(parts))


def code(value: str) -> Markup:
    """A code span, with more backticks round it than in it; a bar would end a table's cell."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    pad = " " if value.startswith("`") or value.endswith("`") else ""
    return Markup(f"{ticks}{pad}{value}{pad}{ticks}".replace("|", "\\|"))  # a code span is inert


def fence(value: str) -> Markup:
    """A code block whose fence is longer than any run of backticks in it."""
    ticks = "`" * max(3, max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    return Markup(f"{ticks}python\n{value}\n{ticks}")  # a code block is inert


def reference(value: str) -> Markup:
    """A reference of the exercise's, with links to what has a known address."""
    return Markup("").join(_link(piece, address) if address else prose(piece)
                           for piece, address in page.references(value))


def _link(piece: str, address: str) -> Markup:
    if piece == address:
        return Markup(f"<{address}>")  # the pattern has no angle brackets
    return Markup(f"[{text(piece)}]({address})")  # no address of ours has brackets
