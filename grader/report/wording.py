"""The tool's own words, in the reader's language. What an exercise says is never translated here."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader import records as r
from grader.report.source import Excerpt

LOCALE = Path(__file__).resolve().parent.parent / "locale"
DECIMAL_COMMA = {"de"}


def N_(text: str) -> str:  # noqa: N802
    """A message for gettext's tools to find under this name, to be translated later."""
    return text


MARKS = {
    r.Mark.PASS: N_("Passed"),
    r.Mark.PARTIAL: N_("Partly there"),
    r.Mark.FAIL: N_("Not yet"),
    r.Mark.NOT_REACHED: N_("Not reached"),
    r.Mark.NOT_AVAILABLE: N_("Not looked at"),
    r.Mark.GRADER_ERROR: N_("Mark withheld"),
}

STATUSES = {
    r.Status.GRADED: N_("graded"),
    r.Status.UNREADABLE: N_("unreadable"),
    r.Status.WITHHELD: N_("withheld"),
}

CAUSES = {
    r.Cause.WRONG_ANSWER: N_("What came back is not what was asked for."),
    r.Cause.MISSING: N_("A name this check needs is not defined after the notebook's last cell."),
    r.Cause.RAISED: N_("Your code raised an error here."),
    r.Cause.TIMEOUT: N_("Your code did not come to an end in the time allowed."),
    r.Cause.MEMORY: N_("Your code used more memory than allowed."),
    r.Cause.OUTPUT: N_("Your code wrote or returned more than allowed."),
    r.Cause.CRASHED: N_("Your code ended the Python process instead of returning."),
    r.Cause.FORBIDDEN: N_("Your code called something that this exercise asks you to write yourself."),
    r.Cause.PREREQUISITE: N_("A check that this one depends on has not passed yet."),
    r.Cause.NEEDS_CUDA: N_("This needs a GPU, and the grading machine had none. It does not count."),
}


@dataclass(frozen=True)
class Words:
    """One language."""

    language: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]

    def mark(self, mark: r.Mark) -> str:
        return self.gettext(MARKS[mark])

    def status(self, status: r.Status) -> str:
        return self.gettext(STATUSES[status])

    def cause(self, cause: r.Cause | None) -> str:
        return self.gettext(CAUSES[cause]) if cause else ""

    def place(self, excerpt: Excerpt) -> str:
        """Where quoted lines stand: "Cell 3, In [2], line 5"."""
        place = self.gettext("Cell %(cell)s") % {"cell": excerpt.cell}
        if excerpt.prompt:
            place += f", In [{excerpt.prompt}]"
        if excerpt.marked:
            place += ", " + self.ngettext("line %(lines)s", "lines %(lines)s", excerpt.marked.count(",") + 1) % {
                "lines": excerpt.marked}
        return place

    def number(self, value: float) -> str:
        """At most two decimals, with the language's decimal mark."""
        text = f"{round(value, 2):.2f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.language in DECIMAL_COMMA else text


def languages() -> tuple[str, ...]:
    """English, and every language with a catalogue."""
    return ("en", *sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/grader.mo")))


@lru_cache
def words(language: str) -> Words:
    """The words of a language; English where there is no catalogue for it."""
    if language not in languages():
        language = "en"
    found = gettext.translation("grader", LOCALE, languages=[language], fallback=True)
    return Words(language, found.gettext, found.ngettext)
