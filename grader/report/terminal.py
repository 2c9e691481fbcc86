"""One result in the terminal, with rich: the same story, for narrow screens and for pipes too.

Every text goes out as `Text`, never as rich's markup, so that nothing in it is obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.records import Result
from grader.report import safe_text, source
from grader.report.markdown import SHAPES
from grader.report.story import Item, Story, tell

ASCII = {"pass": "[ok]", "partial": "[~]", "fail": "[x]", "not-reached": "[.]", "not-available": "[-]",
         "grader-error": "[!]", "unmarked": "[.]"}
STYLES = {"pass": "green", "partial": "yellow", "fail": "red", "not-reached": "dim", "not-available": "dim",
          "grader-error": "yellow", "unmarked": "dim"}
_NARROW = 60   # columns below which a table becomes lines
_MARGIN = 7    # columns before a line of code: its mark and number
_HELD = "\ue000"  # stands for a blank at which no line is broken, until the line is printed
_DIGITS = "0123456789"
_SPELLED = str.maketrans({
    "·": "-", "…": "...", "→": "->", "×": "x", "−": "-", "±": "+-", "–": "-", "’": "'", "ä": "ae", "ö": "oe",
    "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss",
    "⁻": "-", **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", _DIGITS, strict=True))})
_POWER = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def show(result: Result, notebook: str, console: Console, *, language: str = "en") -> None:
    """Print a result. Width, colour and character set are the console's."""
    _Teller(tell(result, notebook, language=language), console).tell()


def spelled(text: str, encoding: str) -> str:
    """Text that a stream of this encoding takes, signs it does not know spelled out: a report is never an
    error."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = _POWER.sub(r"^\g<0>", text).translate(_SPELLED).encode(encoding, "replace").decode(encoding)
    return text


class _Teller:
    def __init__(self, story: Story, console: Console) -> None:
        self.story = story
        self.console = console
        self._ = story.words.gettext
        self.shapes = SHAPES if console.encoding.lower().startswith("utf") else ASCII

    def safe(self, text: str) -> str:
        """A text as this console can show it. A file or pipe may be a CI log."""
        safe = text if self.console.is_terminal else safe_text.no_commands(text)
        return _HELD.join(spelled(part, self.console.encoding) for part in safe.split("\xa0"))

    def quoted(self, line: str) -> str:
        safe = line if self.console.is_terminal else safe_text.no_commands_in_code(line)
        return spelled(safe, self.console.encoding)

    def tell(self) -> None:
        self._summary()
        self._section(self._("From your tutor"),
                      [Text(self.safe(text)) for text in (*self.story.by_tutor, self.story.comment) if text])
        self._checks(self._("What to work on"), self.story.to_do)
        self._not_started()
        self._checks(self._("Withheld, by our fault"), self.story.withheld)
        self._stops()
        self._section(self._("Beside your notebook"),
                      [Text(self.safe(note)) for note in self.story.notes])
        self._skipped()
        self._checks(self._("Not looked at"), self.story.aside)
        self._passed()
        if self.story.wall:
            self._line("")
            self._line(self.story.wall, "dim")

    def _summary(self) -> None:
        story = self.story
        named = "" if story.title == story.exercise else f" ({story.exercise})"
        self._line(" · ".join(filter(None, (story.title + named, story.student))), "bold")
        if story.team:
            self._line(story.team, "dim")
        if story.no_mark:
            shape = "not-available" if story.status == "excused" else "grader-error"
            self._line(f"{self.shapes[shape]} {story.no_mark}", "bold yellow")
            self._line(story.why_no_mark)
        else:
            passed = f" · {story.passed_of}" if story.items else ""
            waits = f" ({self._('provisional')})" if story.provisional else ""
            self._line(f"{story.score} / {story.max_score} {self._('points')}{waits}{passed}", "bold")
        for said in filter(None, (*story.calculation, story.scope, story.provisional, story.by_hand)):
            self._line(said)
        if story.reason:
            self._line(f"{self._('Your notebook could not be read.')} {story.reason}")
            self._line(story.hand_in_again)
        if story.to_do:
            self._line("")
            self._pair(self._("Start here:"), story.to_do[0].title)
        elif story.begin:
            self._line("")
            self._pair(self._("Start here:"), story.begin)
        elif story.all_passed:
            self._line(f"{story.all_passed} {story.left}", "green")

    def _checks(self, title: str, items: Iterable[Item]) -> None:
        items = list(items)
        if items:
            self._heading(title)
        for item in items:
            self._line("")
            self._check(item)

    def _check(self, item: Item) -> None:
        self._print(self._headed(item))
        if item.message:
            self._line(item.message)
        if item.hidden:
            self._line(self._("This check's inputs and measurements are not shown."), "dim")
        self._measured(item)
        if item.pictures:
            self._line("")
        for picture in item.pictures:
            self._pair(f"{picture.title}:", picture.alt)
        if item.pictures:
            self._line(self.story.drawn, "dim")
        if item.meaning or item.advice:
            self._line("")
        self._pair(self._("What this points to:"), item.meaning)
        self._pair(self._("Try next:"), item.advice)
        for excerpt in item.excerpts:
            self._code(excerpt)
        if item.excerpts and item.read:
            self._line("")
        self._pair(self._("To read:"), item.read)
        self._alike(item)
        self._hanging(item)

    def _not_started(self) -> None:
        if self.story.not_started:
            self._heading(self._("Not started"))
        for item in self.story.not_started:
            self._print(self._headed(item))
            if item.message:
                self._print(Text(self.safe(item.message)), indent=2)
            if item.hanging:
                self._print(Text(self.safe(self.story.words.waits(item.stub)), style="dim"), indent=2)
            for one in item.hanging:
                self._print(self._headed(one), indent=4)

    def _passed(self) -> None:
        if self.story.passed:
            self._heading(self._("What works"))
        for item in self.story.passed:
            self._print(self._headed(item))
            if item.message:
                self._print(Text(self.safe(item.message)), indent=2)

    def _alike(self, item: Item) -> None:
        count = len(item.alike)
        if not count:
            return
        self._line("")
        self._line(self.story.words.ngettext("%(num)s more check fails for the same reason",
                                             "%(num)s more checks fail for the same reason",
                                             count) % {"num": count}
                   + ":", "dim")
        for one in item.alike:
            self._print(self._headed(one), indent=2)
            if one.message:
                self._print(Text(self.safe(one.message)), indent=4)
            for below in one.hanging:
                self._print(self._headed(below), indent=4)

    def _hanging(self, item: Item) -> None:
        count = len(item.hanging)
        if not count:
            return
        n = self.story.words.ngettext
        said = (n("%(num)s check depends on this one", "%(num)s checks depend on this one", count) if item.id
                else n("%(num)s check needs this cell", "%(num)s checks need this cell", count))
        self._line("")
        self._line(said % {"num": count} + ":", "dim")
        for one in item.hanging:
            self._print(self._headed(one), indent=2)

    def _measured(self, item: Item) -> None:
        if not item.measurements:
            return
        self._line("")
        if self.console.width < _NARROW:
            for row in item.measurements:
                self._pair(f"{row.what}:", f"{row.measured} ({self._('expected')}: {row.expected})")
                if row.meaning:
                    self._line(f"→ {row.meaning}", "dim")
            return
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in (self._("What"), self._("Measured"), self._("Expected"), ""):
            table.add_column(self.safe(title))
        for row in item.measurements:
            table.add_row(*(Text(self.safe(cell).replace(_HELD, " "))
                            for cell in (row.what, row.measured, row.expected, row.meaning)))
        self.console.print(table)

    def _code(self, excerpt: source.Excerpt) -> None:
        """Lines of code, folded under themselves where they are too long: nothing of them is left out."""
        self._line("")
        self._line(self.story.words.place(excerpt), "dim")
        room = max(8, self.console.width - _MARGIN - 2)
        for row in excerpt.rows:
            style = "bold" if row.marked else ""
            number = f"{'>' if row.marked else ' '}{row.number:4d}  "
            for line in Text(self.quoted(row.text), style=style).wrap(self.console, room, tab_size=4):
                line.rstrip()
                self.console.print(Text.assemble((number, style), line), no_wrap=True, crop=False,
                                   overflow="ignore")
                number = " " * (_MARGIN + 2)

    def _stops(self) -> None:
        if self.story.stops or self.story.unwritten:
            self._heading(self._("While your notebook ran"))
        if self.story.unwritten:
            self._line(self.story.unwritten)
        for number, stop in enumerate(self.story.stops):
            if number or self.story.unwritten:
                self._line("")
            self._pair(f"{stop.label}:", stop.what)
            if stop.told:
                self._line(stop.told)
            if stop.excerpt:
                self._code(stop.excerpt)

    def _skipped(self) -> None:
        if self.story.skipped:
            self._heading(self._("Skipped on the grading machine"))
            self._line(self._("These lines need something that the grading machine does not have. The rest "
                              "of their cells ran. This costs no points."))
        for skip in self.story.skipped:
            self._pair(f"{skip.place}:", skip.what)

    def _section(self, title: str, lines: Iterable[Text]) -> None:
        lines = list(lines)
        if lines:
            self._heading(title)
        for one in lines:
            self._print(one)

    def _heading(self, title: str) -> None:
        self._line("")
        self._print(Text(self.safe(title), style="bold underline"))

    def _headed(self, item: Item) -> Text:
        said = f"{item.id}, {item.points}" if item.id else item.points
        return Text.assemble((self.safe(f"{self.shapes[item.mark]} {item.word}"), STYLES[item.mark]),
                             self.safe(f"  {item.title}  "),
                             (self.safe(f"({said})").replace(" ", _HELD), "dim"))

    def _pair(self, label: str, text: str) -> None:
        if text:
            self._print(Text.assemble((self.safe(label), "bold"), " ", self.safe(text)))

    def _line(self, text: str, style: str = "") -> None:
        """A line; an empty text makes an empty line."""
        self._print(Text(self.safe(text), style=style))

    def _print(self, text: Text, indent: int = 0) -> None:
        """Wrapped by words, but never at a blank that is held. Rich itself would break a line at any."""
        for line in text.wrap(self.console, max(8, self.console.width - indent)) or [Text("")]:
            line.rstrip()
            line.plain = line.plain.replace(_HELD, " ")
            self.console.print(Text(" " * indent) + line, no_wrap=True, crop=False, overflow="ignore")
