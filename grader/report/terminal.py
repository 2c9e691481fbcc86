"""One result in the terminal, with rich: the same story, for narrow screens and for pipes too.

Every text goes out as `Text`, never as rich's markup, so that nothing in it is obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.records import Result
from grader.report import plain, source
from grader.report.markdown import SHAPES
from grader.report.story import Item, Story, tell

ASCII = {"pass": "[ok]", "partial": "[~]", "fail": "[x]", "not-reached": "[.]", "not-available": "[-]",
         "grader-error": "[!]"}
STYLES = {"pass": "green", "partial": "yellow", "fail": "red", "not-reached": "dim", "not-available": "dim",
          "grader-error": "yellow"}
_NARROW = 60   # columns below which a table becomes lines


def show(result: Result, notebook: str, console: Console, *, language: str = "en") -> None:
    """Print a result. Width, colour and character set are the console's."""
    _Teller(tell(result, notebook, language=language), console).tell()


class _Teller:
    def __init__(self, story: Story, console: Console) -> None:
        self.story = story
        self.console = console
        self._ = story.words.gettext
        self.shapes = SHAPES if console.encoding.lower().startswith("utf") else ASCII
        self.told = str if console.is_terminal else plain.no_commands  # a file or pipe may be a CI log
        self.quoted = str if console.is_terminal else plain.no_commands_in_code

    def tell(self) -> None:
        self._summary()
        self._section(self._("From your tutor"), [self.story.comment] if self.story.comment else [])
        self._checks(self._("What to work on"), self.story.to_do)
        self._checks(self._("Withheld, by our fault"), self.story.withheld)
        self._stops()
        self._checks(self._("Not looked at"), self.story.aside)
        self._section(self._("What works"), [self._headed(item) for item in self.story.passed])
        if not self.story.isolated:
            self._line(self._("This notebook was executed without isolation from the machine that graded it."), "dim")

    def _summary(self) -> None:
        story = self.story
        self._line(f"{story.exercise} · {story.student}", "bold")
        if story.status == "withheld" or not story.score:
            self._line(f"{self.shapes['grader-error']} {self._('Mark withheld')}", "bold yellow")
            self._line(self._("Something went wrong on our side, so there is no mark yet: neither zero nor full. You "
                              "need not do anything; your notebook is graded again."))
        else:
            passed = f" · {story.passed_of}" if story.items else ""
            self._line(f"{story.score} / {story.max_score} {self._('points')}{passed}", "bold")
        if story.reason:
            self._line(f"{self._('Your notebook could not be read.')} {story.reason}")
        if story.to_do:
            self._pair(self._("Start here:"), story.to_do[0].title)
        elif story.items and story.score and not story.withheld and not story.aside:
            self._line(f"{self._('Every check passed.')} {self._('Nothing is left to do here.')}", "green")

    def _checks(self, title: str, items: Iterable[Item]) -> None:
        items = list(items)
        if items:
            self._line(f"\n{title}", "bold underline")
        for item in items:
            self._check(item)

    def _check(self, item: Item) -> None:
        self.console.print()
        self.console.print(self._headed(item))
        if item.message:
            self._line(item.message)
        if item.hidden:
            self._line(self._("This check's inputs and measurements are not shown."), "dim")
        self._measured(item)
        for picture in item.pictures:
            self._pair(f"{picture.title}:", picture.alt)
        self._pair(self._("What this points to:"), item.meaning)
        self._pair(self._("The same cause as in:"), item.same_as[1] if item.same_as else "")
        self._pair(self._("Try next:"), item.advice)
        for excerpt in item.excerpts:
            self._code(excerpt)
        self._pair(self._("To read:"), item.read)
        if item.hanging:
            count = len(item.hanging)
            self._line(self.story.words.ngettext("%(num)s check depends on this one",
                                                 "%(num)s checks depend on this one", count) % {"num": count} + ":",
                       "dim")
            for one in item.hanging:
                self.console.print(Padding(self._headed(one), (0, 0, 0, 2)))

    def _measured(self, item: Item) -> None:
        if not item.measurements:
            return
        if self.console.width < _NARROW:
            for row in item.measurements:
                self._pair(f"{row.what}:", f"{row.measured} ({self._('expected')}: {row.expected})")
                self._line(f"→ {row.meaning}" if row.meaning else "", "dim")
            return
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in (self._("What"), self._("Measured"), self._("Expected"), ""):
            table.add_column(title)
        for row in item.measurements:
            table.add_row(*(Text(self.told(cell)) for cell in (row.what, row.measured, row.expected, row.meaning)))
        self.console.print(table)

    def _code(self, excerpt: source.Excerpt) -> None:
        self._line(f"{self._('Your code')} · {self.story.words.place(excerpt)}", "dim")
        for row in excerpt.rows:
            pointer = ">" if row.marked else " "
            self.console.print(Text(f"{pointer}{row.number:4d}  {self.quoted(row.text)}",
                                    style="bold" if row.marked else ""),
                               no_wrap=True, overflow="ellipsis", crop=True)

    def _stops(self) -> None:
        if self.story.stops:
            self._line(f"\n{self._('While your notebook ran')}", "bold underline")
        for stop in self.story.stops:
            self._pair(self._("Cell %(cell)s") % {"cell": stop.cell} + ":", stop.what)
            if stop.excerpt:
                self._code(stop.excerpt)

    def _section(self, title: str, lines: Iterable[str | Text]) -> None:
        lines = list(lines)
        if lines:
            self._line(f"\n{title}", "bold underline")
        for one in lines:
            self.console.print(one if isinstance(one, Text) else Text(self.told(one)))

    def _headed(self, item: Item) -> Text:
        return Text.assemble((f"{self.shapes[item.mark]} {item.word}", STYLES[item.mark]), f"  {item.title}",
                             (f"  ({item.points})", "dim"))

    def _pair(self, label: str, text: str) -> None:
        if text:
            self.console.print(Text.assemble((label, "bold"), " ", self.told(text)))

    def _line(self, text: str, style: str = "") -> None:
        if text:
            self.console.print(Text(self.told(text), style=style))
