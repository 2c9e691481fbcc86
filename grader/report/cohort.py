"""Many results -> what a tutor wants to know of a class. Counts only; wording and drawing are elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader import records as r

_BINS = 10
_MOST_TOPICS = 3          # to discuss in one lecture
_TOPIC_SHARE = 0.05       # of those graded, below which it is one student's matter
_TOPIC_LEAST = 2


@dataclass(frozen=True)
class Shared:
    """A misconception that some students share."""

    diagnosis: str
    meaning: str
    advice: str
    students: int


@dataclass(frozen=True, kw_only=True)
class CheckCount:
    """How a class did on one check."""

    id: str
    title: str
    seen: int              # results in which it has a verdict that counts
    passed: int
    failed: int            # fail and partial
    not_reached: int
    not_available: int
    broken: int            # ours
    shared: tuple[Shared, ...]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Something to discuss in the next lecture: a misconception, or a check that many failed."""

    check: CheckCount
    shared: Shared | None
    students: int


@dataclass(frozen=True, kw_only=True)
class ExerciseCount:
    name: str
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
    results: Mapping[str, r.Result]
    score: float | None            # None: something is withheld, so there is no total yet
    max_score: float


@dataclass(frozen=True, kw_only=True)
class Cohort:
    exercises: tuple[ExerciseCount, ...]
    standings: tuple[Standing, ...]
    withheld: tuple[r.Result, ...]
    unreadable: tuple[r.Result, ...]


def counted(results: Sequence[r.Result]) -> Cohort:
    """All there is to count. Exercises and students are in order of name."""
    by_exercise: dict[str, list[r.Result]] = defaultdict(list)
    by_student: dict[str, dict[str, r.Result]] = defaultdict(dict)
    for result in results:
        by_exercise[result.exercise].append(result)
        by_student[result.student][result.exercise] = result
    order = sorted(results, key=lambda result: (result.exercise, result.student))
    full = {name: max(result.max_score for result in group) for name, group in by_exercise.items()}
    return Cohort(
        exercises=tuple(_exercise(name, by_exercise[name]) for name in sorted(by_exercise)),
        standings=tuple(_standing(student, by_student[student], full) for student in sorted(by_student)),
        withheld=tuple(result for result in order if result.status is r.Status.WITHHELD),
        unreadable=tuple(result for result in order if result.status is r.Status.UNREADABLE))


def _standing(student: str, results: Mapping[str, r.Result], full: Mapping[str, float]) -> Standing:
    """What was not handed in counts for nothing, out of what others could get."""
    scores = [result.score for result in results.values()]
    known = [score for score in scores if score is not None]
    maximum = sum(results[name].max_score if name in results else full[name] for name in full)
    return Standing(student, results, sum(known) if len(known) == len(scores) else None, maximum)


def _exercise(name: str, results: Sequence[r.Result]) -> ExerciseCount:
    statuses = Counter(result.status for result in results)
    shares = sorted(result.score / result.max_score for result in results
                    if result.score is not None and result.max_score > 0)
    checks = tuple(_checks(results))
    bins = Counter(min(_BINS - 1, max(0, int(share * _BINS + 1e-9))) for share in shares)
    return ExerciseCount(
        name=name, max_score=max(result.max_score for result in results), graded=statuses[r.Status.GRADED],
        unreadable=statuses[r.Status.UNREADABLE],
        withheld=statuses[r.Status.WITHHELD], median=_median(shares), bins=tuple(bins[i] for i in range(_BINS)),
        checks=checks, topics=_topics(results, checks, statuses[r.Status.GRADED]))


def _median(ordered: Sequence[float]) -> float | None:
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _checks(results: Iterable[r.Result]) -> Iterable[CheckCount]:
    verdicts: dict[str, list[r.Verdict]] = defaultdict(list)
    for result in results:
        for verdict in result.checks:
            verdicts[verdict.id].append(verdict)
    for check, given in verdicts.items():
        marks = Counter(verdict.mark for verdict in given)
        yield CheckCount(
            id=check, title=given[0].title, seen=len(given) - marks[r.Mark.NOT_AVAILABLE], passed=marks[r.Mark.PASS],
            failed=marks[r.Mark.FAIL] + marks[r.Mark.PARTIAL], not_reached=marks[r.Mark.NOT_REACHED],
            not_available=marks[r.Mark.NOT_AVAILABLE], broken=marks[r.Mark.GRADER_ERROR], shared=_shared(given))


def _shared(verdicts: Iterable[r.Verdict]) -> tuple[Shared, ...]:
    found: dict[str, list[r.Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.diagnosis:
            found[verdict.diagnosis].append(verdict)
    shared = (Shared(name, given[0].meaning, given[0].advice, len(given)) for name, given in found.items())
    return tuple(sorted(shared, key=lambda s: (-s.students, s.diagnosis)))


def _topics(results: Sequence[r.Result], checks: Sequence[CheckCount], graded: int) -> tuple[Topic, ...]:
    """What most share: misconceptions, each with the check that shows it most, and checks failed for other reasons."""
    least = max(_TOPIC_LEAST, _TOPIC_SHARE * graded)
    holders: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for verdict in result.checks:
            if verdict.diagnosis:
                holders[verdict.diagnosis].add(result.student)
    topics, shown = [], {name for name, students in holders.items() if len(students) >= least}
    for name in shown:
        found = [(shared.students, check, shared) for check in checks for shared in check.shared
                 if shared.diagnosis == name]
        _, check, shared = max(found, key=lambda one: one[0])
        topics.append(Topic(check=check, shared=shared, students=len(holders[name])))
    for check in checks:
        rest = check.failed - sum(shared.students for shared in check.shared if shared.diagnosis in shown)
        topics.append(Topic(check=check, shared=None, students=rest))
    many = (topic for topic in topics if topic.students >= least)
    return tuple(sorted(many, key=lambda topic: (-topic.students, topic.check.id))[:_MOST_TOPICS])
