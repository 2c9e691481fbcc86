"""One result as GitHub-flavoured Markdown: the same story as the HTML page, pictures told in words."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from grader.records import Result
from grader.report import page, safe_text
from grader.report.story import tell

SHAPES = {"pass": "✔", "partial": "◐", "fail": "✘", "not-reached": "◌", "not-available": "⊖",
          "grader-error": "⚠", "unmarked": "◌"}

# What Markdown obeys: inline marks, addresses that become links by themselves, and starts of blocks. And what
# a log of a CI service obeys where a line begins.
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]#|<>~$&]|(?<=www)\.|:(?=//))", re.IGNORECASE)
_BEGINS = re.compile(r"^([ \t]*\d*)([-+=](?=\s|-|=|$)|:(?=:)|(?<=\d)[.)](?=\s|$))", re.MULTILINE)
# What GitHub and GitLab make a link of, or a message to somebody, after all Markdown: no escape stops them,
# a character without width does, and it is not seen.
_CALLS = re.compile(r"@(?=\w)|[#!&$](?=\d)|[~%](?=[\w\"])|\bGH-(?=\d)", re.IGNORECASE)
_COMMIT = re.compile(r"\b(?=\d*[a-f])[0-9a-f]{7,}\b", re.IGNORECASE)
_SHORT = re.compile(r"(.{6})(?=.)")   # what is shorter than seven names no commit
_UNSEEN = "\u200b"
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
    """Words that Markdown takes as they are: every mark of its own is escaped, and nobody is called."""
    quiet = _CALLS.sub(rf"\g<0>{_UNSEEN}", value)
    quiet = _COMMIT.sub(lambda m: _SHORT.sub(rf"\1{_UNSEEN}", m[0]), quiet)
    escaped = _BEGINS.sub(r"\1\\\2", _PUNCTUATION.sub(r"\\\1", quiet))
    return Markup(escaped.replace("\n", "  \n"))  # escaped before


def prose(value: str) -> Markup:
    """A sentence, with `code` set as code."""
    parts = _CODE.split(value)
    return Markup("").join(code(part) if i % 2 else text(part) for i, part in enumerate(parts))


def code(value: str) -> Markup:
    """A code span, with more backticks round it than in it; a bar would end a table's cell."""
    value = safe_text.no_commands_in_code(value)
    ticks = "`" * (max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    pad = " " if value.startswith("`") or value.endswith("`") else ""
    return Markup(f"{ticks}{pad}{value}{pad}{ticks}".replace("|", "\\|"))  # a code span is inert


def fence(value: str) -> Markup:
    """A code block whose fence is longer than any run of backticks in it."""
    value = safe_text.no_commands_in_code(value)
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
