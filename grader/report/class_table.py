"""The students' table of the class page: one row for each student, one cell for each exercise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from grader import records
from grader.report import safe_text
from grader.report.cohort import Cohort, Standing, worst
from grader.report.wording import Words

_BREAK = "\u200b"   # where a short title may go on in the next line

Key = tuple[str, str]   # student, exercise


@dataclass(frozen=True)
class Linked:
    """A student, and the way to the report."""

    name: str          # "" where there is none to tell
    id: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """A word beside a mark."""

    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A mark, or the word in its place."""

    text: str
    sort: str = ""     # what the script sorts by, where the text does not begin with it
    href: str = ""
    shape: str = ""    # "" where the text says it all
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Row:
    who: Linked        # to nowhere where there are several reports
    alike: bool
    total: Cell
    share: str
    cells: tuple[Cell, ...]
    flags: str         # words the filter knows, parted by blanks


@dataclass(frozen=True)
class Head:
    """An exercise's column."""

    short: str         # with places to break
    title: str
    max_score: str


class Table:
    """Rows and heads in one language."""

    def __init__(self, cohort: Cohort, links: Mapping[Key, str], alike: Collection[str], w: Words) -> None:
        self._exercises = cohort.exercises
        self._links = links
        self._alike = alike
        self._words = w
        self._names = {standing.student: standing.name for standing in cohort.standings}
        self.maximum = _most(w.number(standing.max_score) for standing in cohort.standings)
        self.heads = [Head(short(e.name), safe_text.line(e.title), w.number(e.max_score))
                      for e in cohort.exercises]
        self.rows = [self._row(standing) for standing in cohort.standings]

    def linked(self, student: str, exercise: str) -> Linked:
        name = self._names.get(student, "")
        name = "" if name == student else safe_text.line(name)
        return Linked(name, safe_text.line(student), self._href(student, exercise))

    def _href(self, student: str, exercise: str) -> str:
        return safe_text.href(self._links.get((student, exercise), ""))

    def _row(self, standing: Standing) -> Row:
        only = next(iter(standing.results)) if len(self._exercises) == 1 else ""
        alike = standing.student in self._alike
        share = "" if standing.score is None or not standing.max_score else (
            f"{100 * standing.score / standing.max_score:.0f} %")
        return Row(self.linked(standing.student, only), alike, self._total(standing), share,
                   tuple(self._cell(standing, exercise.name) for exercise in self._exercises),
                   " ".join(self._flags(standing, alike=alike)))

    def _flags(self, standing: Standing, *, alike: bool) -> list[str]:
        results = standing.results.values()
        statuses = {result.status.value for result in results}
        flags = sorted(statuses - {"graded", "missing"})
        told = {
            "needs-you": any(result.wants() for result in results),
            "missing": "missing" in statuses or len(standing.results) < len(self._exercises),
            "late": any(result.late or result.penalty for result in results),
            "tutor": any(map(tutors, results)),
            "alike": alike,
            "low": standing.score is not None and standing.score < standing.max_score / 2}
        return flags + [flag for flag, holds in told.items() if holds]

    def _cell(self, standing: Standing, exercise: str) -> Cell:
        result = standing.results.get(exercise)
        if result is None:
            return Cell(text=self._words.gettext("none"), sort="-2")
        href, notes = self._href(standing.student, exercise), tuple(self._notes(result))
        if result.score is None:
            return self._without(result.status, href, notes)
        if result.status is records.Status.UNREADABLE:
            return Cell(text=self._words.status(result.status), sort="0", href=href, shape="fail",
                        notes=notes)
        return Cell(text=self._words.number(result.score), href=href, notes=notes)

    def _without(self, status: records.Status, href: str, notes: tuple[Note, ...] = ()) -> Cell:
        """The word in a mark's place: one that the tutor waits for too, or one that needs nobody."""
        if status in (records.Status.WITHHELD, records.Status.UNCLEAR):
            return Cell(text=self._words.status(status), sort="-1", href=href, shape="grader-error",
                        notes=notes)
        return Cell(text=self._words.status(status), sort="-2")

    def _notes(self, result: records.Result) -> list[Note]:
        _ = self._words.gettext
        by = sorted(tutors(result))
        late = f"{_('late')} −{self._words.number(result.penalty)}" if result.penalty else _("late")
        return [*([Note(text=late)] if result.late or result.penalty else []),
                *([Note(text=_("provisional"))] if result.provisional else []),
                *([Note(text=_("by hand"), title=safe_text.line(", ".join(by)))] if by else [])]

    def _total(self, standing: Standing) -> Cell:
        if standing.score is None:
            return self._without(worst(standing.results.values()), "")
        text = self._words.number(standing.score)
        if self._words.number(standing.max_score) != self.maximum:  # some checks could not be looked at
            text += f" / {self._words.number(standing.max_score)}"
        return Cell(text=text)


def tutors(result: records.Result) -> set[str]:
    """Who set some of its marks by hand."""
    return {result.by, *(verdict.by for verdict in result.checks)} - {records.GRADER}


def short(name: str) -> str:
    """An exercise's name, which is its folder's and what commands take, with places to break."""
    return safe_text.line(name).replace("_", f"_{_BREAK}").replace("-", f"-{_BREAK}")


def _most(maxima: Iterable[str]) -> str:
    """The maximum over all exercises, as nearly everybody has it."""
    found = Counter(maxima)
    return found.most_common(1)[0][0] if found else "0"
