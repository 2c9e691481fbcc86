"""The tutor's page: who has what, what the class has in common, what needs a human. One file, one script of
ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader import records
from grader.intake.packages import remedy
from grader.report import page, safe_text
from grader.report.class_table import Key, Linked, Table, short
from grader.report.cohort import CheckCount, Cohort, ExerciseCount, Reason, Topic, counted
from grader.report.resemblance import Alike, alike, team_mates
from grader.report.wording import REMEDIES, Words, words

_SCRIPT = "class.js"
_CHART_LEFT, _CHART_RIGHT, _CHART_TOP, _CHART_BOTTOM = 12, 340, 10, 116
_GAP = 3
_MOST_REASONS = 6   # listed beside one check

@dataclass(frozen=True)
class Column:
    """A bar of the distribution."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Chart:
    name: str
    title: str
    alt: str
    columns: tuple[Column, ...]
    median: str


@dataclass(frozen=True)
class Listed:
    """Some submissions to one exercise, and what they share."""

    exercise: str
    reason: str
    students: tuple[Linked, ...]
    href: str = ""     # where they are shown side by side


@dataclass(frozen=True)
class Need:
    """One kind of thing that needs the tutor, and what helps."""

    remedy: str
    listed: tuple[Listed, ...]


@dataclass(frozen=True)
class Why:
    """A reason for which some failed, in words."""

    count: int
    text: str
    diagnosis: str


@dataclass(frozen=True)
class Tally:
    """One row of the checks' table: its cells add up to the submissions that have this check."""

    check: CheckCount
    share: float                 # of those seen that did not pass, in hundredths
    why: tuple[Why, ...]
    others: int                  # who failed for a reason that is not listed


@dataclass(frozen=True)
class Talk:
    """One thing to discuss."""

    check: CheckCount
    count: int
    of: int
    shared: Why | None           # the misconception, if it is one
    tally: Tally                 # of the check
    points: str
    apart: bool                  # do the points leave out what shared misconceptions cost?


@dataclass(frozen=True, kw_only=True)
class Section:
    """An exercise's part of the page."""

    exercise: ExerciseCount
    talks: tuple[Talk, ...]
    tallies: tuple[Tally, ...]
    broken: bool                 # is there a check that did, and so a column for it?
    not_available: bool


def render(results: Sequence[records.Result], notebooks: Mapping[Key, str], *, title: str,
           links: Mapping[Key, str],
           isolated: bool, language: str = "en", released: Mapping[str, str] | None = None,
           weights: Mapping[str, float] | None = None, lacking: Mapping[str, int] | None = None,
           groups: Sequence[Alike] | None = None) -> str:
    """The class page. `notebooks` are the cleaned submissions, `released` what was handed out, to compare
    them with, unless `groups` says who looks alike; then each group has a page of its own. `lacking` says how
    many notebooks import a package that the grading machine lacked."""
    found = alike(notebooks, released, leave_out=team_mates(results)) if groups is None else groups
    spoken, cohort = words(language), counted(results, weights)
    table = Table(cohort, links, {student for group in found for student in group.students}, spoken)
    writer = _Writer(cohort, table, spoken)
    missing = sum(result.nothing_there for result in results)
    script = page.asset(_SCRIPT)
    return page.html(
        "class.html.j2", language, title=safe_text.line(title), cohort=cohort, table=table,
        isolated=isolated and all(result.made_by.isolated for result in results),
        charts=[writer.chart(exercise) for exercise in cohort.exercises],
        sections=[writer.section(exercise) for exercise in cohort.exercises],
        needs=writer.needs(cohort.needing), unreadable=writer.listed(cohort.unreadable),
        groups=[writer.group(one, paged=groups is not None) for one in found],
        count=len(results) - missing, missing=missing, late=sum(result.late for result in results),
        lacking=lacking or {}, install=remedy(list(lacking or {})),
        walls=sorted({spoken.wall(one.made_by) for one in results if one.made_by.isolated} - {""}),
        script=page.trusted(script), policy=page.policy(script=script))


class _Writer:
    def __init__(self, cohort: Cohort, table: Table, w: Words) -> None:
        self.table = table
        self.words = w
        self.titles = {exercise.name: safe_text.line(exercise.title) for exercise in cohort.exercises}
        self.most = max((max(exercise.bins) for exercise in cohort.exercises), default=0) or 1

    def chart(self, exercise: ExerciseCount) -> Chart:
        """The distribution of marks by tenths of the maximum, all exercises on one scale."""
        step = (_CHART_RIGHT - _CHART_LEFT) / len(exercise.bins)
        columns = []
        for i, count in enumerate(exercise.bins):
            height = round(count / self.most * (_CHART_BOTTOM - _CHART_TOP - 14), 1)
            x = _CHART_LEFT + i * step + _GAP / 2
            columns.append(Column(round(x, 1), round(_CHART_BOTTOM - height, 1), round(step - _GAP, 1),
                                  height, round(x + (step - _GAP) / 2, 1), f"{10 * i}", count))
        median = "" if exercise.median is None else f"{100 * exercise.median:.0f} %"
        _ = self.words.gettext
        said = ", ".join(_("%(count)s at %(low)s to %(high)s %%") % {"count": c, "low": 10 * i,
                                                                     "high": 10 * i + 10}
                         for i, c in enumerate(exercise.bins) if c)
        return Chart(name=short(exercise.name), title=self.titles[exercise.name],
                     alt=said or _("No marks yet."), columns=tuple(columns), median=median)

    def section(self, exercise: ExerciseCount) -> Section:
        return Section(exercise=exercise, talks=tuple(map(self._talk, exercise.topics)),
                       tallies=tuple(map(self._tally, exercise.checks)),
                       broken=any(check.broken for check in exercise.checks),
                       not_available=any(check.not_available for check in exercise.checks))

    def _talk(self, topic: Topic) -> Talk:
        shared = self._why([topic.shared])[0] if topic.shared else None
        return Talk(check=topic.check, count=topic.students, of=topic.of, shared=shared,
                    tally=self._tally(topic.check), points=self.words.number(topic.lost), apart=topic.apart)

    def _tally(self, check: CheckCount) -> Tally:
        why = self._why(check.reasons[:_MOST_REASONS])
        return Tally(check=check, share=round(100 * check.failed / check.seen, 1) if check.seen else 0.0,
                     why=why, others=check.failed - check.follows - sum(one.count for one in why))

    def _why(self, reasons: Sequence[Reason]) -> tuple[Why, ...]:
        return tuple(Why(one.students, safe_text.line(one.meaning, 500) or self.words.briefly(one.cause),
                         one.diagnosis)
                     for one in reasons)

    def listed(self, results: Sequence[records.Result]) -> list[Listed]:
        """Results by exercise and reason, the most frequent reason first."""
        groups: dict[tuple[str, str], list[Linked]] = defaultdict(list)
        for result in results:
            about = short(result.exercise), self._reason(result)
            groups[about].append(self.table.linked(result.student, result.exercise))
        listed = [Listed(*about, tuple(who)) for about, who in groups.items()]
        return sorted(listed, key=lambda one: (-len(one.students), one.exercise, one.reason))

    def needs(self, results: Sequence[records.Result]) -> list[Need]:
        """What a tutor has to look at, by kind and what helps; what has no mark at all comes first."""
        kinds: dict[tuple[str, str], dict[tuple[str, str], list[Linked]]] = defaultdict(
            lambda: defaultdict(list))
        for result in results:
            for one in result.wants():
                reason = self.words.sentence(one.said) if one.said else one.reason
                about = short(result.exercise), safe_text.line(reason, 500)
                kinds[one.kind, self._remedy(one)][about].append(
                    self.table.linked(result.student, result.exercise))
        order = sorted(kinds, key=lambda kind: (
            kind[0] not in records.WITHHOLDING, -sum(map(len, kinds[kind].values())), kind))
        return [Need(kind[1], tuple(Listed(*about, tuple(who)) for about, who in sorted(
            kinds[kind].items(), key=lambda one: (-len(one[1]), one[0])))) for kind in order]

    def _reason(self, result: records.Result) -> str:
        return safe_text.line(self.words.reason(result), 500) or self.words.gettext("no reason given")

    def _remedy(self, need: records.NeedsYou) -> str:
        if need.kind == "withheld" and need.checks:
            return self.words.gettext("Mend the check, then run `grader rejudge`: it judges again and runs "
                                      "nothing.")
        return self.words.gettext(REMEDIES[need.kind]) if need.kind in REMEDIES else ""

    def group(self, group: Alike, *, paged: bool) -> Listed:
        """Students whose submissions look alike."""
        return Listed(short(group.exercise), "",
                      tuple(self.table.linked(student, group.exercise) for student in group.students),
                      safe_text.href(group.href) if paged else "")
