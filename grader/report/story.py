"""One result as a reader meets it: what to fix first, what hangs on it, what works.

HTML, Markdown and terminal tell the same story. What needs arithmetic, order or wording is settled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader import records as r
from grader.report import pictures, plain, source
from grader.report.wording import Words, words

_MOST_QUOTED = 2   # functions quoted under one check that names no line


@dataclass(frozen=True, kw_only=True)
class Item:
    """One check."""

    id: str
    number: int
    title: str
    mark: str
    word: str                                        # the mark in words
    points: str                                      # "0 of 4 points"
    message: str
    meaning: str
    advice: str
    read: str
    measurements: tuple[r.Measurement, ...]
    pictures: tuple[pictures.Drawing, ...]
    excerpts: tuple[source.Excerpt, ...]
    quoted_above: tuple[str, ...]                    # functions of its that an earlier item shows
    hanging: tuple[Item, ...]
    hidden: bool
    same_as: tuple[int, str] | None                  # number and title of the first check with the same diagnosis

    @property
    def told(self) -> bool:
        """Is there more to say than the mark?"""
        return bool(self.message or self.advice or self.measurements or self.pictures or self.hanging or self.hidden)


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A cell that did not run to its end."""

    what: str
    excerpt: source.Excerpt | None
    cell: int


@dataclass(frozen=True)
class Segment:
    """A check's share of the bar, in hundredths of its width."""

    x: float
    width: float
    mark: str


@dataclass(frozen=True, kw_only=True)
class Story:
    student: str
    exercise: str
    status: str
    score: str                                       # "" where withheld
    max_score: str
    passed_of: str
    items: tuple[Item, ...]                          # all, in the exercise's order
    to_do: tuple[Item, ...]                          # root causes
    withheld: tuple[Item, ...]
    aside: tuple[Item, ...]                          # not looked at, or hanging on such a check
    passed: tuple[Item, ...]
    segments: tuple[Segment, ...]
    stops: tuple[Stop, ...]
    reason: str                                      # why unreadable
    comment: str
    isolated: bool
    made_by: r.MadeBy
    words: Words


def tell(result: r.Result, notebook: str, *, language: str = "en") -> Story:
    """A result with the student's own lines beside it."""
    teller = _Teller(result, source.cells(notebook), words(language))
    items = tuple(teller.item(verdict) for verdict in result.checks)
    roots = tuple(item for item in items if item.id in teller.roots)
    w = teller.words
    passed = sum(v.mark is r.Mark.PASS for v in result.checks)
    return Story(
        student=plain.line(result.student), exercise=plain.line(result.exercise), status=result.status.value,
        score="" if result.score is None else w.number(result.score), max_score=w.number(result.max_score),
        passed_of=w.ngettext("%(passed)s of %(num)s check passed", "%(passed)s of %(num)s checks passed",
                             len(items)) % {"passed": passed, "num": len(items)},
        items=items,
        to_do=tuple(i for i in roots if i.mark in ("fail", "partial")),
        withheld=tuple(i for i in roots if i.mark == "grader-error"),
        aside=tuple(i for i in roots if i.mark in ("not-available", "not-reached")),
        passed=tuple(i for i in roots if i.mark == "pass"),
        segments=_segments(result.checks),
        stops=tuple(teller.stop(event) for event in result.events),
        reason=plain.line(result.reason, 1000) if result.status is r.Status.UNREADABLE else "",
        comment=plain.block(result.comment), isolated=result.made_by.sandbox != "process",
        made_by=result.made_by, words=w)


class _Teller:
    """Remembers which functions are quoted already, so that each is shown once."""

    def __init__(self, result: r.Result, notebook: Sequence[source.Cell], w: Words) -> None:
        self.words = w
        self.notebook = notebook
        self.verdicts = {v.id: v for v in result.checks}
        self.numbers = {v.id: n for n, v in enumerate(result.checks, 1)}
        self.roots = {v.id for v in result.checks if not self._hangs(v)}
        self.quoted: set[str] = set()
        self.diagnosed: dict[str, r.Verdict] = {}
        for v in result.checks:
            self.diagnosed.setdefault(v.diagnosis or "", v)

    def _hangs(self, v: r.Verdict) -> bool:
        """Is there a root under which a check that was not reached can be shown?"""
        root = self.verdicts.get(v.root or "")
        return v.mark is r.Mark.NOT_REACHED and root is not None and root.mark not in (r.Mark.PASS, r.Mark.NOT_REACHED)

    def item(self, v: r.Verdict) -> Item:
        shown = v.visible and v.mark is not r.Mark.GRADER_ERROR  # a check of ours that broke says nothing to a student
        wrong = v.mark in (r.Mark.FAIL, r.Mark.PARTIAL)
        excerpts, above = self._excerpts(v) if wrong else ((), ())
        message = self._message(v, shown=shown)
        first = self.diagnosed[v.diagnosis or ""] if v.diagnosis else v
        return Item(
            id=v.id, number=self.numbers[v.id], title=plain.line(v.title, 1000), mark=v.mark.value,
            word=self.words.mark(v.mark), points=self._points(v), message=message,
            same_as=None if first is v else (self.numbers[first.id], plain.line(first.title, 1000)),
            meaning=_unsaid(v.meaning, first.meaning if first is not v else "", message),
            advice=_unsaid(v.advice, first.advice if first is not v else "", message),
            read=_unsaid(v.read, first.read if first is not v else "", ""),
            measurements=tuple(map(_measurement, v.measurements)) if shown else (),
            pictures=tuple(filter(None, map(pictures.drawing, v.pictures))) if shown else (),
            excerpts=excerpts, quoted_above=above, hanging=tuple(self._hanging(v)), hidden=not v.visible)

    def _hanging(self, root: r.Verdict) -> list[Item]:
        return [self.item(v) for v in self.verdicts.values() if v.root == root.id and v.id not in self.roots]

    def _points(self, v: r.Verdict) -> str:
        number = self.words.number
        if v.mark is r.Mark.NOT_AVAILABLE:
            return self.words.gettext("not counted")
        if v.mark is r.Mark.GRADER_ERROR:
            return self.words.gettext("points withheld")
        return self.words.ngettext("%(points)s of %(max)s point", "%(points)s of %(max)s points",
                                   1 if v.max_points == 1 else 2) % {
            "points": number(v.points), "max": number(v.max_points)}

    def _message(self, v: r.Verdict, *, shown: bool) -> str:
        if v.mark is r.Mark.GRADER_ERROR:
            return self.words.gettext("Something went wrong on our side. This check will be run again.")
        if v.mark is r.Mark.PASS:
            return ""
        return plain.line(v.message, 2000) if shown and v.message else self.words.cause(v.cause)

    def _excerpts(self, v: r.Verdict) -> tuple[tuple[source.Excerpt, ...], tuple[str, ...]]:
        """What of the notebook to show beside a check, and which functions were shown before."""
        if v.lines:
            found = source.places(self.notebook, v.lines, v.functions)
            self.quoted.update(e.name for e in found if e.name)
            return found, ()
        excerpts: list[source.Excerpt] = []
        above = [name for name in v.functions if name in self.quoted]
        for name in v.functions[:_MOST_QUOTED]:
            excerpt = source.whole(self.notebook, name) if name not in self.quoted else None
            if excerpt:
                self.quoted.add(name)
                excerpts.append(excerpt)
        return tuple(excerpts), tuple(above)

    def stop(self, event: r.CellEvent) -> Stop:
        message = ": ".join(filter(None, (event.error, event.message)))
        places = (source.places(self.notebook, [r.Line(cell=event.cell, line=event.line, text="")], ())
                  if event.line > 0 else ())
        known = [p for p in places if p.prompt is not None]
        return Stop(what=plain.line(message, 1000) or self.words.cause(event.cause),
                    excerpt=known[0] if known else None, cell=event.cell + 1)


def _unsaid(text: str, before: str, message: str) -> str:
    """A sentence, unless the reader has it already: from the first check with this diagnosis, or from the message."""
    shown = plain.line(text, 2000)
    return "" if text == before or shown in message else shown


def _measurement(m: r.Measurement) -> r.Measurement:
    return r.Measurement(what=plain.line(m.what), measured=plain.line(m.measured), expected=plain.line(m.expected),
                         meaning=plain.line(m.meaning))


def _segments(checks: Sequence[r.Verdict]) -> tuple[Segment, ...]:
    total = sum(v.max_points for v in checks) or 1.0
    gap = 0.8 if len(checks) < 40 else 0.0
    segments, x = [], 0.0
    for v in checks:
        share = 100 * v.max_points / total
        segments.append(Segment(round(x, 2), round(max(0.2, share - gap), 2), v.mark.value))
        x += share
    return tuple(segments)
