"""One result as a reader meets it: what to fix first, what hangs on it, what works.

HTML, Markdown and terminal tell the same story. What needs arithmetic, order or wording is settled here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from grader import records
from grader.environment import undefined
from grader.report import persons, pictures, reasons, safe_text, skipping, source, thrown_away, written
from grader.report.calculation import as_student, lines, stamp
from grader.report.wording import Words, words
from grader.wall import messages

WRONG = (records.Mark.FAIL, records.Mark.PARTIAL)
_MOST_QUOTED = 2   # functions quoted under one check that names no line
_CALLED = re.compile(r"(?<!def )(?<![\w.])([^\W\d]\w*)\(")
_UNPARSED = ("SyntaxError", "IndentationError", "TabError")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One check, or one cell that did not run and took checks with it."""

    id: str                                          # the check's; "" for a cell
    anchor: str                                      # of the page
    title: str
    mark: str
    word: str                                        # the mark in words
    points: str                                      # "0 of 4 points"
    message: str
    meaning: str
    advice: str
    read: str
    measurements: tuple[records.Measurement, ...]
    pictures: tuple[pictures.Drawing, ...]
    excerpts: tuple[source.Excerpt, ...]
    quoted_above: tuple[str, ...]                    # functions of its that an earlier item shows
    hanging: tuple[Item, ...]                        # not reached because of it; for a cell, all that it cost
    alike: tuple[Item, ...] = ()                     # more checks that fail for the same reason
    hidden: bool = False
    stub: str = ""                                   # the function, not written yet, that it met
    number: int = 0                                  # the check's, from 1
    our_message: bool = True                         # in the reader's language, not in the exercise's
    our_advice: bool = True
    written: bool = False                            # the message is a person's, in Markdown


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A cell that did not run to its end."""

    what: str
    excerpt: source.Excerpt | None
    cell: int
    label: str                                       # "Cell 3", and where it is so, that it came like that
    told: str                                        # that a check above tells of what it calls; or ""
    above: str                                       # that check's anchor


@dataclass(frozen=True)
class Segment:
    """A check's share of the bar, in hundredths of its width."""

    x: float
    width: float
    mark: str


@dataclass(frozen=True, kw_only=True)
class Story:
    student: str                                     # "Anna Schmidt (1003)", or the id alone
    id: str
    name: str                                        # "" where there is none to tell
    team: str                                        # that a team handed it in, in a sentence; or ""
    exercise: str
    title: str                                       # the exercise's, for people
    status: str
    score: str                                       # "" where there is no mark
    no_mark: str                                     # in two words, where there is none
    why_no_mark: str                                 # and in a sentence
    max_score: str
    calculation: tuple[str, ...]                     # how the course's rules come to the score
    rules: str                                       # which those are, and a tutor's words, for `publish`
    passed_of: str
    items: tuple[Item, ...]                          # all, in the exercise's order
    to_do: tuple[Item, ...]                          # one for each reason, cells before checks
    not_started: tuple[Item, ...]                    # checks that met a stub
    begin: str                                       # what to write first, where nothing is wrong
    not_passed: tuple[Item, ...]                     # every check that is not, failures first
    withheld: tuple[Item, ...]
    aside: tuple[Item, ...]                          # not looked at, or hanging on such a check
    passed: tuple[Item, ...]
    segments: tuple[Segment, ...]
    stops: tuple[Stop, ...]                          # cells that took no check with them
    unwritten: str                                   # the cells that stopped at a stub, in a sentence
    notes: tuple[str, ...]                           # of the files beside the notebook
    skipped: tuple[skipping.Skip, ...]                        # they cost nothing
    reason: str                                      # why unreadable
    by_tutor: tuple[str, ...]                        # what a tutor made of the submission as a whole
    comment: str
    answers: tuple[written.Told, ...]                # to questions that a tutor marks
    by_hand: str                                     # that a tutor marks some, and which are empty
    unseen: bool                                     # did nobody look at them?
    provisional: str                                 # that the score is; "" where it is not
    drawn: str                                       # where pictures are, for who reads in a terminal
    wall: str                 # what stood between the notebook and the machine; "" where it was not executed
    all_passed: str                                  # that it is so; "" where it is not
    left: str                                        # what to say then of what is left to do
    scope: str                                       # what was not looked at; "" where all_passed says it
    hand_in_again: str                               # of an unreadable notebook
    made_with: str
    words: Words


def tell(result: records.Result, notebook: str, *, language: str = "en") -> Story:
    """A result with the student's own lines beside it, as far as it is the student's to know."""
    rules, result = stamp(result), as_student(result)
    teller = _Teller(result, source.cells(notebook, result.given), words(language))
    broken = tuple(teller.cell(event) for event in result.events if event.cell in teller.reasons.missed)
    items = tuple(teller.item(verdict) for verdict in result.checks)
    roots = tuple(item for item in items if item.id in teller.roots)
    to_do = (*broken, *(i for i in roots if i.mark in ("fail", "partial")))
    stubs = tuple(dict.fromkeys(i.stub for i in roots if i.stub))
    full, w = _full(result), teller.words
    passed = sum(v.mark is records.Mark.PASS for v in result.checks)
    return Story(
        student=safe_text.line(persons.shown(result.name, result.student)),
        id=safe_text.line(result.student), name=safe_text.line(result.name),
        team=safe_text.line(w.handed_in_by(result.team)), no_mark=w.no_mark(result),
        why_no_mark=safe_text.line(w.why_no_mark(result), 2000), exercise=safe_text.line(result.exercise),
        title=safe_text.line(result.title or result.exercise), status=result.status.value,
        score="" if result.score is None else w.number(result.score), max_score=w.number(result.max_score),
        calculation=lines(result, w), rules=rules,
        passed_of=w.ngettext("%(passed)s of %(num)s check passed", "%(passed)s of %(num)s checks passed",
                             len(items)) % {"passed": passed, "num": len(items)},
        items=items,
        to_do=to_do,
        not_started=tuple(i for i in roots if i.stub),
        begin=w.begin(stubs[:1]) if stubs and not to_do else "",
        not_passed=tuple(sorted((i for i in items if i.mark != "pass"),
                                key=lambda i: i.mark not in ("fail", "partial"))),
        withheld=tuple(i for i in roots if i.mark == "grader-error"),
        aside=tuple(i for i in roots if i.mark in ("not-available", "not-reached") and not i.stub),
        passed=tuple(i for i in items if i.mark == "pass"),
        segments=_segments(result.checks),
        stops=tuple(teller.stop(event) for event in result.events
                    if event.cell not in teller.told_cells | teller.reasons.waiting),
        unwritten=w.unwritten([cell + 1 for cell in sorted(teller.reasons.waiting - teller.told_cells)]),
        notes=tuple(safe_text.line(w.sentence(note), 2000) for note in result.notes),
        skipped=tuple(skipping.told(result.skipped, w)),
        reason=safe_text.line(w.reason(result), 1000) if result.status is records.Status.UNREADABLE else "",
        by_tutor=w.by_tutor(result), comment=safe_text.block(result.comment),
        answers=written.told(result, w), by_hand=written.by_hand(result, w),
        unseen=any(one.text is None for one in result.written),
        provisional=w.gettext("This is provisional: your tutor has not marked all of your written answers "
                              "yet.") if result.provisional else "",
        drawn=w.drawn(result.made_by), wall=w.wall(result.made_by) if result.checks else "",
        all_passed=w.all_passed(result) if full else "", left=w.left(result) if full else "",
        scope="" if full else w.others(result) or w.later(result),
        hand_in_again=w.hand_in_again(safe_text.line(result.exercise)), made_with=w.made_with(result.made_by),
        words=w)


def _full(result: records.Result) -> bool:
    marks = {v.mark for v in result.checks}
    written = all((one.points or 0.0) >= one.max_points for one in result.written)
    return written and result.score is not None and records.Mark.PASS in marks <= {
        records.Mark.PASS, records.Mark.NOT_AVAILABLE}


@dataclass(frozen=True)
class _Quotes:
    """What of the notebook stands beside a check."""

    excerpts: tuple[source.Excerpt, ...] = ()
    above: tuple[str, ...] = ()                      # functions of its that an earlier check shows


class _Teller:
    """What an item needs at hand. What each quotes is settled before any is made, so that their order does
    not matter."""

    def __init__(self, result: records.Result, notebook: Sequence[source.Cell], w: Words) -> None:
        self.words = w
        self.notebook = notebook
        self.checks = result.checks
        self.python = result.made_by.python
        self.verdicts = {v.id: v for v in result.checks}
        self.events = {event.cell: event for event in result.events}
        self.given = result.given
        self.reasons = reasons.found(result.checks, result.events, notebook)
        self.told_cells = {*self.reasons.missed, *self.reasons.followers}
        self.roots = {v.id for v in result.checks if self._below(v) is None}
        self.quotes = self._quoted_once()

    def _below(self, v: records.Verdict) -> str | int | None:
        """The check or the cell under which a check is shown; None where it stands for itself."""
        root = self.verdicts.get(v.root or "")
        if v.mark is records.Mark.NOT_REACHED and root and root.mark not in (records.Mark.PASS,
                                                                             records.Mark.NOT_REACHED):
            return self.reasons.cells.get(root.id, root.id)
        if _unwritten(v) and not self._own(v):
            stub = self._stub(v)
            return next((one.id for one in self.checks if self._own(one) and self._stub(one) == stub), None)
        return self.reasons.cells.get(v.id, self.reasons.first.get(v.id))

    def _quoted_once(self) -> dict[str, _Quotes]:
        """Check -> what it quotes: each function is shown under the first that names it, as one reads."""
        found: dict[str, _Quotes] = {}
        shown: set[str] = set()
        for next_one in self._as_one_reads():
            if isinstance(next_one, str):
                shown.add(next_one)
                continue
            quotes = found[next_one.id] = self._quotes(next_one, shown)
            shown |= {excerpt.name for excerpt in quotes.excerpts if excerpt.name}
        return found

    def _as_one_reads(self) -> Iterator[str | records.Verdict]:
        """The functions that cells were to define which did not run, and the checks, each where it is first
        met."""
        met: set[str] = set()

        def with_what_is_below(v: records.Verdict) -> Iterator[records.Verdict]:
            if v.id not in met:
                met.add(v.id)
                yield v
                for below in (*self._hanging(v), *self._alike(v)):
                    yield from with_what_is_below(below)
        for cell in self.events:
            if cell in self.reasons.missed:
                yield self.reasons.missed[cell]
                for v in self._lost(cell):
                    yield from with_what_is_below(v)
        for v in self.checks:
            yield from with_what_is_below(v)

    def _quotes(self, v: records.Verdict, shown: Set[str]) -> _Quotes:
        """What of the notebook to show beside a check, where `shown` are the functions shown before."""
        if v.mark not in WRONG or _unwritten(v) or not (v.lines or self._below(v) is None):
            return _Quotes()
        first = self.verdicts.get(self.reasons.first.get(v.id, ""))
        if v.lines and first and v.lines == first.lines:
            return _Quotes()
        if v.lines:
            return _Quotes(source.places(self.notebook, v.lines, v.functions))
        whole = (source.whole(self.notebook, name, v.pattern) for name in v.functions[:_MOST_QUOTED]
                 if name not in shown)
        return _Quotes(tuple(filter(None, whole)), tuple(name for name in v.functions if name in shown))

    def item(self, v: records.Verdict) -> Item:
        # a check of ours that broke says nothing to a student
        shown = v.visible and v.mark is not records.Mark.GRADER_ERROR
        below = self._below(v)
        message, ours = self._message(v, shown=shown)
        known = self.verdicts.get(self.reasons.first.get(v.id, ""))
        hint = "" if not v.diagnosis and self.words.none_instead(v) else v.advice
        hinted = hint or v.diagnosis or v.mark not in WRONG or _unwritten(v)
        advice = v.advice if hinted else "" if below is not None else self.words.advice(v)
        number = self.checks.index(v) + 1
        return Item(
            id=safe_text.line(v.id), anchor=self._anchor(v), number=number, title=_typeset(v.title, 1000),
            mark=_shape(v),
            word=self.words.verdict(v, waits=_unwritten(v) and not self._own(v)),
            points=self.words.points(v), message=message, our_message=ours,
            meaning=_unsaid(v.meaning, known.meaning if known else "", message),
            advice=_unsaid(advice, known.advice if known else "", message), our_advice=not hinted,
            read=safe_text.line(v.read, 2000) if not known or v.read != known.read else "",
            measurements=tuple(map(_measurement, v.measurements)) if shown else (),
            pictures=tuple(filter(None, map(_drawing, v.pictures))) if shown else (),
            excerpts=self.quotes[v.id].excerpts, quoted_above=self.quotes[v.id].above,
            hanging=tuple(map(self.item, self._hanging(v))), alike=tuple(map(self.item, self._alike(v))),
            hidden=not v.visible, stub=self._stub(v), written=v.by != "grader")

    def _hanging(self, root: records.Verdict) -> list[records.Verdict]:
        return [v for v in self.checks if (v.mark is records.Mark.NOT_REACHED or _unwritten(v))
                and self._below(v) == root.id]

    def _alike(self, first: records.Verdict) -> list[records.Verdict]:
        return [v for v in self.checks if self.reasons.first.get(v.id) == first.id]

    def _lost(self, cell: int) -> list[records.Verdict]:
        """The checks that a cell took with it which did not run."""
        return [v for v in self.checks if self._below(v) == cell]

    def _message(self, v: records.Verdict, *, shown: bool) -> tuple[str, bool]:
        """What to say of a check, and whether that is in the reader's language."""
        if v.mark is records.Mark.GRADER_ERROR and v.cause is records.Cause.ENVIRONMENT:
            return self.words.cause(v.cause), True
        if v.mark is records.Mark.GRADER_ERROR:
            return self.words.gettext("Something went wrong on our side. This check will be run again."), True
        if v.by != "grader" and v.said:
            return safe_text.block(self.words.sentence(v.said)), True
        if v.mark is records.Mark.PASS:
            return self.words.follows(tuple(map(safe_text.line, v.after))), True
        if _unwritten(v):
            return "" if self._own(v) else self.words.waits(self._stub(v)), True
        if v.id in self.reasons.first and v.cause is records.Cause.RAISED and v.lines:
            inner = source.enclosing(self.notebook, v.lines[-1])
            if inner and inner not in v.functions[:1]:
                return self.words.waits(inner, written=True), True
        if not (shown and v.message):
            return self.words.cause(v.cause), True
        if v.said:
            thrown = thrown_away.sentence(self.notebook, undefined(v))
            return " ".join(safe_text.line(self.words.sentence(s), 2000) for s in (v.said, thrown) if s), True
        return (_typeset if v.cause is records.Cause.WRONG_ANSWER else safe_text.line)(v.message, 2000), False

    def _stub(self, v: records.Verdict) -> str:
        """The function whose stub a check met: its own, or one that its own calls."""
        if not _unwritten(v):
            return ""
        inner = source.enclosing(self.notebook, v.lines[-1]) if v.lines else ""
        return inner or (v.said.values["name"] if v.said else ", ".join(v.functions))

    def _own(self, v: records.Verdict) -> bool:
        """Is it the stub of the function that the check is about, which it looks at first?"""
        return _unwritten(v) and self._stub(v) in v.functions[:1]

    def cell(self, event: messages.CellEvent) -> Item:
        """A cell that did not run, and with it every check that needs what it was to define."""
        stop, w = self.stop(event), self.words
        name, unread = self.reasons.missed[event.cell], event.error in _UNPARSED
        lost = self._lost(event.cell)
        after = [number + 1 for number, cause in self.reasons.followers.items() if cause == event.cell]
        what = _as_code(stop.what) if event.after_seconds is None else stop.what
        return Item(
            id="", anchor=f"cell-{stop.cell}", title=w.stopped(stop.cell, what, unread=unread),
            mark=records.Mark.FAIL.value, word=w.mark(records.Mark.FAIL),
            points=w.cost(sum(v.max_points for v in lost)),
            message=" ".join(filter(None, (w.undefined(name, unread=unread), w.followers(after)))),
            meaning="",
            advice=w.gettext("Mend this first. Then restart the kernel and run all cells: each should run to "
                             "its end."),
            read="", measurements=(), pictures=(), excerpts=(stop.excerpt,) if stop.excerpt else (),
            quoted_above=(), hanging=tuple(map(self.item, lost)))

    def stop(self, event: messages.CellEvent) -> Stop:
        places = (source.places(self.notebook, [messages.Line(cell=event.cell, line=event.line, text="")], ())
                  if event.line > 0 else ())
        known = [p for p in places if p.cell.code is not None]
        what = safe_text.line(": ".join(filter(None, (event.error, event.message))),
                          1000) or self.words.cause(records.cause_of(event.cause))
        if event.after_seconds is not None:
            what = self.words.timed_out(event.after_seconds, waited=event.waited)
        if event.error in _UNPARSED and self.python:  # what one Python cannot read, another may
            what += f" (Python {self.python})"
        about, function = self._about(event)
        return Stop(what=what, excerpt=known[0] if known else None, cell=event.cell + 1,
                    label=self.words.stopped_cell(event.cell + 1, given=event.cell in self.given),
                    told=self.words.told_above(function) if about else "",
                    above=self._anchor(about) if about else "")

    def _about(self, event: messages.CellEvent) -> tuple[records.Verdict | None, str]:
        """The first check to mend that tells of a function which a stopped cell calls, and that function."""
        cell = self.notebook[event.cell] if event.cell < len(self.notebook) else None
        called = set(_CALLED.findall("\n".join(cell.lines))) if cell else set[str]()
        return next(((v, name) for v in self.checks if v.id in self.roots and v.mark in WRONG
                     and not _unwritten(v) for name in v.functions if name in called), (None, ""))

    def _anchor(self, v: records.Verdict) -> str:
        return f"check-{self.checks.index(v) + 1}"


def _unwritten(v: records.Verdict) -> bool:
    return v.cause is records.Cause.NOT_STARTED


def _shape(v: records.Verdict) -> str:
    """The mark as it is drawn: a stub is no failure."""
    return (records.Mark.NOT_REACHED if _unwritten(v) else v.mark).value


def _as_code(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"


def _typeset(text: str, limit: int = 300) -> str:
    """A line of the exercise's, its formulas as they are printed."""
    return safe_text.typeset(safe_text.line(text, limit))


def _unsaid(text: str, before: str, message: str) -> str:
    """A sentence, unless the reader has it already: from the first check with this diagnosis, or from the
    message."""
    shown = _typeset(text, 2000)
    return "" if text == before or shown in message else shown


def _measurement(m: records.Measurement) -> records.Measurement:
    return records.Measurement(what=_typeset(m.what), measured=_typeset(m.measured),
                               expected=_typeset(m.expected),
                         meaning=_typeset(m.meaning))


def _drawing(picture: records.Picture) -> pictures.Drawing | None:
    drawing = pictures.drawing(picture)
    return replace(drawing, alt=safe_text.typeset(drawing.alt)) if drawing else None


def _segments(checks: Sequence[records.Verdict]) -> tuple[Segment, ...]:
    total = sum(v.max_points for v in checks) or 1.0
    gap = 0.8 if len(checks) < 40 else 0.0
    segments, x = [], 0.0
    for v in checks:
        share = 100 * v.max_points / total
        segments.append(Segment(round(x, 2), round(max(0.2, share - gap), 2), _shape(v)))
        x += share
    return tuple(segments)
