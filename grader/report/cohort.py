"""Many results -> what a tutor wants to know of a class. Counts only; wording and drawing are elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader import records
from grader.report import persons, reasons

_FAILED = (records.Mark.FAIL, records.Mark.PARTIAL)
_BINS = 10
_MOST_TOPICS = 3          # to discuss in one lecture
_TOPIC_SHARE = 0.05       # of those graded, below which it is one student's matter
_TOPIC_LEAST = 2


@dataclass(frozen=True)
class Reason:
    """Why some students failed a check: a misconception, or else how their code went wrong."""

    diagnosis: str             # "" where there is only a cause
    meaning: str
    cause: records.Cause | None
    students: int


@dataclass(frozen=True, kw_only=True)
class CheckCount:
    """How a class did on one check. What is passed, failed, not reached, not available and broken is all
    there is."""

    id: str
    title: str
    seen: int                      # results in which it has a verdict that counts
    passed: int
    failed: int                    # fail and partial
    not_reached: int
    not_available: int
    broken: int                    # ours
    reasons: tuple[Reason, ...]    # of those who failed, by this check first
    follows: int                   # failed for a reason that an earlier check of the same student has


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Something to discuss in the next lecture: a misconception, or a check that many failed for several
    reasons. `students` of `of` either hold the misconception, or did not pass the check: then these are its
    `failed` and `seen`."""

    check: CheckCount              # that did not pass, or that shows the misconception to most
    shared: Reason | None          # the misconception, if it is one
    students: int
    of: int
    lost: float                    # points, with those of every check that follows
    apart: bool = False            # they leave out what shared misconceptions cost at this check


@dataclass(frozen=True)
class _Root:
    """A student's failed check that follows from no other, and all the points that went with it."""

    student: str
    verdict: records.Verdict
    lost: float


@dataclass(frozen=True, kw_only=True)
class ExerciseCount:
    name: str
    title: str                     # for people; the name where no result has one
    max_score: float
    graded: int
    unreadable: int
    withheld: int
    median: float | None           # share of the maximum
    bins: tuple[int, ...]          # marks by tenths of the maximum; the last holds full marks too
    checks: tuple[CheckCount, ...]
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Standing:
    """One student over all exercises."""

    student: str
    name: str                      # "" where there is none to tell
    results: Mapping[str, records.Result]
    score: float | None            # None: something is withheld or unclear, or nothing was handed in
    max_score: float


@dataclass(frozen=True, kw_only=True)
class Cohort:
    exercises: tuple[ExerciseCount, ...]
    standings: tuple[Standing, ...]
    withheld: tuple[records.Result, ...]
    unreadable: tuple[records.Result, ...]
    needing: tuple[records.Result, ...]    # a tutor


def ordered(names: Iterable[str], weights: Mapping[str, float]) -> list[str]:
    """Exercises in the order of the course's weights; those that are not in it last, by name."""
    place = {name: number for number, name in enumerate(weights)}
    return sorted(names, key=lambda name: (place.get(name, len(place)), name))


def worst(results: Iterable[records.Result]) -> records.Status:
    """What a student's total says of itself: what has no mark comes before what has one, and `missing` only
    where nothing was handed in."""
    order = (records.Status.WITHHELD, records.Status.UNCLEAR, records.Status.PROVISIONAL,
             records.Status.UNREADABLE, records.Status.GRADED, records.Status.MISSING, records.Status.EXCUSED)
    return min((result.status for result in results), key=order.index)


def counted(results: Sequence[records.Result], weights: Mapping[str, float] | None = None) -> Cohort:
    """All there is to count; students are in order of name, then id. `weights`: of an exercise's points in
    the total."""
    weights = weights or {}
    by_exercise: dict[str, list[records.Result]] = defaultdict(list)
    by_student: dict[str, dict[str, records.Result]] = defaultdict(dict)
    for result in results:
        by_exercise[result.exercise].append(result)
        by_student[result.student][result.exercise] = result
    names = persons.names(results)
    order = sorted(results, key=lambda result: (result.exercise, persons.order(result.name, result.student)))
    bonus = {result.exercise for result in results if result.on_top}
    full = {name: max(result.max_score for result in group) for name, group in by_exercise.items()}
    return Cohort(
        exercises=tuple(_exercise(name, by_exercise[name]) for name in ordered(by_exercise, weights)),
        standings=tuple(_standing(student, names[student], by_student[student], full, weights, bonus)
                        for student in sorted(by_student, key=lambda id: persons.order(names[id], id))),
        withheld=tuple(result for result in order if result.status is records.Status.WITHHELD),
        unreadable=tuple(result for result in order if result.status is records.Status.UNREADABLE),
        needing=tuple(result for result in order if result.wants()))


def _standing(student: str, called: str, results: Mapping[str, records.Result], full: Mapping[str, float],
              weights: Mapping[str, float], bonus: Collection[str]) -> Standing:
    """What was not handed in counts for nothing, out of what others could get; who has handed in nothing at
    all has no total. What is excused is left out, and a bonus comes on top."""
    excused = {name for name, result in results.items() if result.status is records.Status.EXCUSED}
    handed_in = {name: result for name, result in results.items()
                 if result.status is not records.Status.MISSING and name not in excused}
    known = [weights.get(name, 1.0) * result.score for name, result in handed_in.items()
             if result.score is not None]
    maximum = sum(weights.get(name, 1.0) * (results[name].max_score if name in results else full[name])
                  for name in full if name not in excused and name not in bonus)
    total = sum(known) if handed_in and len(known) == len(handed_in) else None
    return Standing(student, called, results, total, maximum)


def _exercise(name: str, results: Sequence[records.Result]) -> ExerciseCount:
    statuses = Counter(result.status for result in results)
    shares = sorted(result.score / result.max_score for result in results
                    if result.score is not None and result.max_score > 0)
    roots = [root for result in results for root in _roots(result)]
    checks = tuple(_checks(results, roots))
    bins = Counter(min(_BINS - 1, max(0, int(share * _BINS + 1e-9))) for share in shares)
    return ExerciseCount(
        name=name, title=next((result.title for result in results if result.title), name),
        max_score=max(result.max_score for result in results), graded=statuses[records.Status.GRADED],
        unreadable=statuses[records.Status.UNREADABLE],
        withheld=statuses[records.Status.WITHHELD], median=_median(shares),
        bins=tuple(bins[i] for i in range(_BINS)),
        checks=checks, topics=_topics(roots, checks, statuses[records.Status.GRADED],
                                      sum(bool(result.checks) for result in results)))


def _median(ordered: Sequence[float]) -> float | None:
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _roots(result: records.Result) -> Iterable[_Root]:
    """What a student has to mend: one entry for each reason, at the first check that shows it."""
    first = reasons.found(result.checks, (), ()).first
    lost: dict[str, float] = defaultdict(float)
    for verdict in result.checks:
        origin = verdict.root if verdict.mark is records.Mark.NOT_REACHED and verdict.root else verdict.id
        lost[first.get(origin, origin)] += verdict.max_points - verdict.points
    for verdict in result.checks:
        if verdict.mark in _FAILED and verdict.id not in first:
            yield _Root(result.student, verdict, lost[verdict.id])


def _checks(results: Iterable[records.Result], roots: Iterable[_Root]) -> Iterable[CheckCount]:
    verdicts: dict[str, list[records.Verdict]] = defaultdict(list)
    rooted: dict[str, list[_Root]] = defaultdict(list)
    for result in results:
        for verdict in result.checks:
            verdicts[verdict.id].append(verdict)
    for root in roots:
        rooted[root.verdict.id].append(root)
    for check, given in verdicts.items():
        marks = Counter(verdict.mark for verdict in given)
        failed = marks[records.Mark.FAIL] + marks[records.Mark.PARTIAL]
        yield CheckCount(
            id=check, title=given[0].title, seen=len(given) - marks[records.Mark.NOT_AVAILABLE],
            passed=marks[records.Mark.PASS],
            failed=failed, not_reached=marks[records.Mark.NOT_REACHED],
            not_available=marks[records.Mark.NOT_AVAILABLE],
            broken=marks[records.Mark.GRADER_ERROR], reasons=_reasons(rooted[check]),
            follows=failed - len(rooted[check]))


def _reasons(roots: Iterable[_Root]) -> tuple[Reason, ...]:
    """The most frequent first."""
    found: dict[tuple[str, records.Cause | None], list[_Root]] = defaultdict(list)
    for root in roots:
        diagnosis = root.verdict.diagnosis or ""
        found[diagnosis, None if diagnosis else root.verdict.cause].append(root)
    all_reasons = (Reason(diagnosis, given[0].verdict.meaning, cause, len({root.student for root in given}))
                   for (diagnosis, cause), given in found.items())
    return tuple(sorted(all_reasons, key=lambda one: (-one.students, not one.diagnosis, one.diagnosis)))


def _topics(roots: Sequence[_Root], checks: Sequence[CheckCount], graded: int,
            looked_at: int) -> tuple[Topic, ...]:
    """What cost the class most: misconceptions that some share, and checks failed for other reasons.

    Each student counts once for a reason, at the first check that shows it; what follows from it is no topic.
    """
    least = max(_TOPIC_LEAST, _TOPIC_SHARE * graded)
    held: dict[str, list[_Root]] = defaultdict(list)
    for root in roots:
        held[root.verdict.diagnosis or ""].append(root)
    shared = {name: who for name, who in held.items() if name and len(who) >= least}
    rest: dict[str, list[_Root]] = defaultdict(list)
    for root in roots:
        if root.verdict.diagnosis not in shared:
            rest[root.verdict.id].append(root)
    place = {check.id: number for number, check in enumerate(checks)}
    topics = [_misconception(who, checks, place, looked_at) for who in shared.values()]
    for id, who in rest.items():
        check = checks[place[id]]
        if len(who) >= least:
            apart = any(reason.diagnosis in shared for reason in check.reasons)
            topics.append(Topic(check=check, shared=None, students=check.failed, of=check.seen,
                                lost=_lost(who), apart=apart))
    return tuple(sorted(topics, key=lambda topic: (-topic.lost, place[topic.check.id]))[:_MOST_TOPICS])


def _misconception(who: Sequence[_Root], checks: Sequence[CheckCount], place: Mapping[str, int],
                   looked_at: int) -> Topic:
    """At the check that shows it to most, the earlier where two do."""
    shown = Counter(root.verdict.id for root in who)
    check = max(shown, key=lambda name: (shown[name], -place[name]))
    return Topic(check=checks[place[check]], shared=_reasons(who)[0], students=len(who), of=looked_at,
                 lost=_lost(who))


def _lost(who: Iterable[_Root]) -> float:
    return sum(root.lost for root in who)
