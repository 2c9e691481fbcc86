"""The tutor's page: who has what, what the class has in common, what needs a human. One file, one script of
ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader import records
from grader.intake.packages import remedy
from grader.report import page, safe_text
from grader.report.cohort import CheckCount, Cohort, ExerciseCount, Reason, Standing, Topic, counted, worst
from grader.report.resemblance import Alike, alike
from grader.report.wording import REMEDIES, Words, words

_SCRIPT = "class.js"
_NO_MARK = records.Status.MISSING, records.Status.EXCUSED    # and nobody's fault
_CHART_LEFT, _CHART_RIGHT, _CHART_TOP, _CHART_BOTTOM = 12, 340, 10, 116
_GAP = 3
_MOST_REASONS = 6   # listed beside one check

Key = tuple[str, str]   # student, exercise


@dataclass(frozen=True)
class Mark:
    """One cell of the table."""

    text: str
    sort: str          # what the script sorts by
    href: str
    shape: str         # "" where the text says it all
    share: str


@dataclass(frozen=True)
class Linked:
    """A student, and the way to the report."""

    name: str          # "" where there is none to tell
    id: str
    href: str


@dataclass(frozen=True)
class StudentRow:
    who: Linked        # to nowhere where there are several reports
    alike: bool
    marks: tuple[Mark, ...]
    total: Mark
    flags: str         # words the filter knows, parted by blanks


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
    alt: str
    columns: tuple[Column, ...]
    median: str


@dataclass(frozen=True)
class Listed:
    """Some submissions to one exercise, and what they share."""

    exercise: str
    reason: str
    remedy: str
    students: tuple[Linked, ...]


@dataclass(frozen=True)
class Head:
    name: str
    max_score: str


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
    why: tuple[Why, ...]
    shared: bool
    points: str


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
           weights: Mapping[str, float] | None = None, lacking: Mapping[str, int] | None = None) -> str:
    """The class page. `notebooks` are the cleaned submissions, `released` what was handed out, to compare
    them with; `lacking` says how many notebooks import a package that the grading machine lacked."""
    found = alike(_one_of_a_team(results, notebooks), released)
    writer = _Writer(counted(results, weights), found, links, words(language))
    missing = sum(result.nothing_there for result in results)
    script = page.asset(_SCRIPT)
    isolated = isolated and all(result.made_by.isolated for result in results)
    return page.html(
        "class.html.j2", language, title=safe_text.line(title), isolated=isolated, cohort=writer.cohort,
        rows=[writer.row(standing) for standing in writer.cohort.standings], total=writer.maximum,
        charts=[writer.chart(exercise) for exercise in writer.cohort.exercises],
        sections=[writer.section(exercise) for exercise in writer.cohort.exercises],
        needs_you=writer.needing(writer.cohort.needing), unreadable=writer.listed(writer.cohort.unreadable),
        groups=[writer.group(one) for one in writer.groups],
        count=len(results) - missing, missing=missing,
        lacking=lacking or {}, install=remedy(list(lacking or {})),
        walls=sorted({writer.words.wall(one.made_by) for one in results if one.made_by.isolated} - {""}),
        heads=writer.heads(), script=page.trusted(script),
        policy=page.policy(script=script))


def _one_of_a_team(results: Sequence[records.Result], notebooks: Mapping[Key, str]) -> dict[Key, str]:
    """The notebooks, a team's once: its members handed in the same."""
    left, seen = dict(notebooks), set[tuple[str, str, str]]()
    for result in results:
        what = result.team, result.exercise, result.notebook.sha256
        if result.team and what in seen:
            left.pop((result.student, result.exercise), None)
        seen.add(what)
    return left


class _Writer:
    def __init__(self, cohort: Cohort, groups: Sequence[Alike], links: Mapping[Key, str], w: Words) -> None:
        self.cohort = cohort
        self.groups = groups
        self.links = links
        self.words = w
        self.alike = {student for group in groups for student in group.students}
        self.maximum = self._most()
        self.names = {standing.student: standing.name for standing in cohort.standings}
        self.titles = {exercise.name: safe_text.line(exercise.title) for exercise in cohort.exercises}

    def href(self, student: str, exercise: str) -> str:
        return safe_text.href(self.links.get((student, exercise), ""))

    def row(self, standing: Standing) -> StudentRow:
        marks = tuple(self._mark(standing, exercise.name) for exercise in self.cohort.exercises)
        statuses = {result.status.value for result in standing.results.values()}
        flags = sorted(statuses - {"graded", "missing"})
        flags += ["late"] if any(result.penalty for result in standing.results.values()) else []
        flags += ["needs-you"] if any(result.wants() for result in standing.results.values()) else []
        flags += ["missing"] if "missing" in statuses or len(standing.results) < len(self.titles) else []
        flags += ["alike"] if standing.student in self.alike else []
        flags += ["low"] if standing.score is not None and standing.score < standing.max_score / 2 else []
        only = next(iter(standing.results)) if len(self.titles) == 1 else ""
        return StudentRow(self._linked(standing.student, only), standing.student in self.alike, marks,
                          self._total(standing), " ".join(flags))

    def _mark(self, standing: Standing, exercise: str) -> Mark:
        result = standing.results.get(exercise)
        if result is None:
            return Mark(self.words.gettext("none"), "-2", "", "", "")
        href = self.href(standing.student, exercise)
        if result.status in _NO_MARK:
            return Mark(self.words.status(result.status), "-2", href, "", "")
        if result.score is None:
            return Mark(self.words.status(result.status), "-1", href, "grader-error", "")
        shape = "fail" if result.status is records.Status.UNREADABLE else ""
        text = self.words.gettext("unreadable") if shape else self.words.number(result.score)
        return Mark(text, f"{result.score:.4f}", href, shape, "")

    def _total(self, standing: Standing) -> Mark:
        if standing.score is None:
            status = worst(standing.results.values())
            missing = status in _NO_MARK
            return Mark(self.words.status(status), "-2" if missing else "-1", "",
                        "" if missing else "grader-error", "")
        share = standing.score / standing.max_score if standing.max_score else 0.0
        text = self.words.number(standing.score)
        if self.words.number(standing.max_score) != self.maximum:  # some of its checks could not be looked at
            text += f" / {self.words.number(standing.max_score)}"
        return Mark(text, f"{standing.score:.4f}", "", "", f"{100 * share:.0f} %")

    def _most(self) -> str:
        """The maximum over all exercises, as nearly everybody has it."""
        found = Counter(self.words.number(standing.max_score) for standing in self.cohort.standings)
        return found.most_common(1)[0][0] if found else "0"

    def chart(self, exercise: ExerciseCount) -> Chart:
        """The distribution of marks by tenths of the maximum."""
        most = max(exercise.bins) or 1
        step = (_CHART_RIGHT - _CHART_LEFT) / len(exercise.bins)
        columns = []
        for i, count in enumerate(exercise.bins):
            height = round(count / most * (_CHART_BOTTOM - _CHART_TOP - 14), 1)
            x = _CHART_LEFT + i * step + _GAP / 2
            columns.append(Column(round(x, 1), round(_CHART_BOTTOM - height, 1), round(step - _GAP, 1),
                                  height, round(x + (step - _GAP) / 2, 1), f"{10 * i}", count))
        median = "" if exercise.median is None else f"{100 * exercise.median:.0f} %"
        _ = self.words.gettext
        said = ", ".join(_("%(count)s at %(low)s to %(high)s %%") % {"count": c, "low": 10 * i,
                                                                     "high": 10 * i + 10}
                         for i, c in enumerate(exercise.bins) if c)
        return Chart(name=self.titles[exercise.name], alt=said or _("No marks yet."), columns=tuple(columns),
                     median=median)

    def section(self, exercise: ExerciseCount) -> Section:
        return Section(exercise=exercise, talks=tuple(map(self._talk, exercise.topics)),
                       tallies=tuple(map(self._tally, exercise.checks)),
                       broken=any(check.broken for check in exercise.checks),
                       not_available=any(check.not_available for check in exercise.checks))

    def _talk(self, topic: Topic) -> Talk:
        return Talk(check=topic.check, count=topic.students, why=self._why(topic.reasons),
                    shared=topic.shared is not None, points=self.words.number(topic.lost))

    def _tally(self, check: CheckCount) -> Tally:
        why = self._why(check.reasons[:_MOST_REASONS])
        return Tally(check=check, share=round(100 * check.failed / check.seen, 1) if check.seen else 0.0,
                     why=why, others=check.failed - check.follows - sum(one.count for one in why))

    def _why(self, reasons: Sequence[Reason]) -> tuple[Why, ...]:
        return tuple(Why(one.students, safe_text.line(one.meaning, 500) or self.words.briefly(one.cause),
                         one.diagnosis)
                     for one in reasons)

    def listed(self, results: Sequence[records.Result]) -> list[Listed]:
        """Results by exercise, reason and what helps, the most frequent reason first."""
        groups: dict[tuple[str, str, str], list[Linked]] = defaultdict(list)
        for result in results:
            about = self.titles[result.exercise], self._reason(result), ""
            groups[about].append(self._linked(result.student, result.exercise))
        listed = [Listed(*about, tuple(who)) for about, who in groups.items()]
        return sorted(listed, key=lambda one: (-len(one.students), one.exercise, one.reason))

    def needing(self, results: Sequence[records.Result]) -> list[Listed]:
        """What a tutor has to look at, by kind and exercise; what has no mark at all comes first."""
        groups: dict[tuple[str, str, str, str], list[Linked]] = defaultdict(list)
        for result in results:
            for one in result.wants():
                reason = self.words.sentence(one.said) if one.said else one.reason
                about = one.kind, self.titles[result.exercise], safe_text.line(reason, 500), self._remedy(one)
                groups[about].append(self._linked(result.student, result.exercise))
        order = sorted(groups, key=lambda about: (about[0] not in records.WITHHOLDING, -len(groups[about]),
                                                  about))
        return [Listed(*about[1:], tuple(groups[about])) for about in order]

    def _reason(self, result: records.Result) -> str:
        return safe_text.line(self.words.reason(result), 500) or self.words.gettext("no reason given")

    def _remedy(self, need: records.NeedsYou) -> str:
        if need.kind == "withheld" and need.checks:
            return self.words.gettext("Mend the check, then run `grader rejudge`: it judges again and runs "
                                      "nothing.")
        return self.words.gettext(REMEDIES[need.kind]) if need.kind in REMEDIES else ""

    def group(self, group: Alike) -> Listed:
        """Students whose submissions look alike."""
        return Listed(self.titles.get(group.exercise, safe_text.line(group.exercise)), "", "",
                      tuple(self._linked(student, group.exercise) for student in group.students))

    def _linked(self, student: str, exercise: str) -> Linked:
        name = self.names.get(student, "")
        name = "" if name == student else safe_text.line(name)
        return Linked(name, safe_text.line(student), self.href(student, exercise))

    def heads(self) -> list[Head]:
        return [Head(self.titles[e.name], self.words.number(e.max_score)) for e in self.cohort.exercises]
