"""What the pages show, worked out before a template sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from grader.keep.events import Event
from grader.keep.gradebook import Key
from grader.keep.marking import Override, stale
from grader.keep.written import Answer, Comment
from grader.records import Mark, Result, Verdict
from grader.report import persons, safe_text, source
from grader.report.wording import words
from grader.review import told
from grader.review.answers import worth
from grader.review.bank import KEYS
from grader.review.desk import ReviewDesk
from grader.review.waiting import ALL, Filter, Waiting, neighbours
from grader.review.words import Word, standing, version

HISTORY = 12       # events shown beside a submission
MOST_LINES = 4000  # of a notebook, side by side
ROWS = 100         # submissions, or different answers, on one page


@dataclass(frozen=True)
class Part:
    """Some of what is too much for one page."""

    number: int            # from 1
    first: int             # of what it shows, from 1
    last: int
    of: int

    @property
    def pages(self) -> int:
        return -(-self.of // ROWS)

    @property
    def shown(self) -> slice:
        return slice(self.first - 1, self.last)


def part(number: int | None, of: int) -> Part:
    """That page of so many; the nearest where there is none."""
    number = min(max(number or 1, 1), max(-(-of // ROWS), 1))
    first = (number - 1) * ROWS
    return Part(number=number, first=first + 1, last=min(first + ROWS, of), of=of)


def url(path: str, **said: object) -> str:
    """An address of ours."""
    return f"{path}?{urlencode({name: value for name, value in said.items() if value not in ('', None)})}"


def place(one: Waiting, chosen: Filter) -> str:
    """The page of one submission, within what its reader goes through."""
    return url("/submission", student=one.result.student, exercise=one.result.exercise, of=chosen.kind,
               **{"in": chosen.exercise})


def place_of(student: str, exercise: str) -> str:
    """The same within the whole class."""
    return url("/submission", student=student, exercise=exercise, of=ALL)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a word was not recorded, and what was typed."""

    word: Word
    reason: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A check, or the submission as a whole, and what is said of it."""

    number: int            # the check's, from 1; 0: the whole
    id: str
    title: str
    mark: str
    word: str              # the mark in words
    most: str
    by: str                # who gave the points, where that was a person
    was: str
    points: str
    bonus: str
    comment: str
    said: bool             # is there a word to take back?
    open: bool
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event for a reader."""

    id: int
    at: str
    by: str
    student: str
    who: str
    exercise: str
    text: str
    undone: bool
    can_undo: bool


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Everything beside the report."""

    one: Waiting
    mark: str
    whole: Row
    rows: Sequence[Row]
    stale: Sequence[Override]
    answers: Sequence[tuple[Answer, float | None]]   # and what each is worth
    bank: Sequence[Comment]
    history: Sequence[Told]
    previous: str
    next: str
    mine: bool              # has this marker marked it as reviewed?
    shown: Mapping[str, str] = field(default_factory=dict)  # hidden fields of every form


def who(result: Result) -> str:
    return safe_text.line(persons.shown(result.name, result.student))


def plain(value: float | None) -> str:
    """A number as it is typed; "" of none."""
    return "" if value is None else f"{value:g}"


def mark_of(result: Result) -> str:
    if result.score is None:
        return words("en").status(result.status)
    return f"{result.score:g} / {result.max_score:g}"


def panel(desk: ReviewDesk, key: Key, chosen: Filter, marker: str,
          trouble: Trouble | None = None) -> Panel | None:
    """One submission's; None where there is none."""
    queue = desk.queue()
    one = next((each for each in queue if each.key == key), None)
    if one is None:
        return None
    result = one.result
    said = desk.book.desk.overrides(student=key[0], exercise=key[1])
    there = standing(said, result)
    before, after = neighbours(queue, chosen, one)
    bank, asked = desk.bank(key[1]), desk.asked()
    events = [event for event in desk.book.desk.events(student=key[0]) if event.exercise == key[1]]
    return Panel(
        one=one, mark=mark_of(result), whole=_whole(result, there.get(""), trouble),
        rows=[_row(number, check, there.get(check.id), trouble)
              for number, check in enumerate(result.checks, 1)],
        stale=stale(result, said),
        answers=[(each, worth(each, bank, asked))
                 for each in desk.book.written.answers(student=key[0], exercise=key[1])],
        bank=list(bank.values()),
        history=[tell(event, {}) for event in reversed(events[-HISTORY:])],
        previous=place(before, chosen) if before else "", next=place(after, chosen) if after else "",
        mine=marker in one.seen_by,
        shown={"student": key[0], "exercise": key[1], "sha256": result.stamp, "of": chosen.kind,
               "in": chosen.exercise})


def _whole(result: Result, said: Override | None, trouble: Trouble | None) -> Row:
    return Row(number=0, id="", title="The submission as a whole", mark="", word="",
               most=f"{result.max_score:g}", by=said.by if said and said.says else "",
               **_typed("", said, trouble))


def _row(number: int, check: Verdict, said: Override | None, trouble: Trouble | None) -> Row:
    typed = _typed(check.id, said, trouble)
    typed["open"] |= check.mark not in (Mark.PASS, Mark.NOT_AVAILABLE)
    return Row(number=number, id=check.id, title=safe_text.block(check.title, 500), mark=check.mark.value,
               word=f"{check.points:g}", most=f"{check.max_points:g}",
               by=said.by if said and said.says else "", **typed)


def _typed(check: str, said: Override | None, trouble: Trouble | None) -> dict[str, Any]:
    """What the fields hold: what was typed and not recorded, else what is said."""
    there = said if said and said.says else None
    word = trouble.word if trouble and trouble.word.check == check else None
    if word is None:
        word = Word(student="", exercise="", points=plain(there.points if there else None),
                    bonus=plain((there.bonus or None) if there else None),
                    comment=there.comment if there else "")
    reason = trouble.reason if trouble and trouble.word is word else ""
    return {"points": word.points, "bonus": word.bonus, "comment": word.comment, "trouble": reason,
            "was": version(said), "said": there is not None, "open": bool(there or reason)}


def tell(event: Event, names: Mapping[str, str]) -> Told:
    """One event; `names` of those of whom it is said."""
    who = persons.shown(names.get(event.student, ""), event.student)
    return Told(id=event.id, at=event.at.replace("T", " ")[:16], by=event.by or "somebody",
                student=event.student, who=safe_text.line(who), exercise=event.exercise,
                text=told.sentence(event), undone=event.undone, can_undo=told.can_be_undone(event))


# --- sources side by side


@dataclass(frozen=True)
class Line:
    text: str
    here: bool


@dataclass(frozen=True)
class Side:
    """One of several sources."""

    title: str
    href: str
    cells: tuple[tuple[Line, ...], ...]


def sides(texts: Sequence[tuple[str, str, str]]) -> list[Side]:
    """Title, link and notebook of versions of one submission, cell by cell; marked are the lines that no
    other one has."""
    read = [source.cells(notebook) for _, _, notebook in texts]
    lines = [{_text(line) for cell in cells for line in cell.lines} - {""} for cells in read]
    found = []
    for at, ((title, href, _), cells) in enumerate(zip(texts, read, strict=True)):
        others = set[str]().union(*(one for other, one in enumerate(lines) if other != at))
        left, shown = MOST_LINES, []
        for cell in cells:
            rows = cell.lines[:left]
            left -= len(rows)
            if cell.code is not None and rows:
                shown.append(tuple(Line(line, bool(_text(line)) and _text(line) not in others)
                                   for line in rows))
        found.append(Side(title, href, tuple(shown)))
    return found


def _text(line: str) -> str:
    """A line without its white space."""
    return "".join(line.split())


def keyed(bank: Sequence[Comment]) -> list[tuple[str, Comment]]:
    """Each comment and the key that says it again; "" where it has none."""
    return [(str(at) if at <= KEYS else "", one) for at, one in enumerate(bank, 1)]

