"""The queue: which submissions wait for a person, why, and in which order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.keep.desk import Reviewed
from grader.keep.gradebook import Key
from grader.records import Result
from grader.report import persons
from grader.report.resemblance import Alike

ALL, REVIEWED = "all", "reviewed"      # kinds that are none of a submission's
WRITTEN, ALIKE = "written-answer", "alike"
NAMES = {
    "withheld": "mark withheld", "unclear": "unclear which file counts", "stale-override": "stale override",
    "package": "package not installed", "python": "another Python", "not-simulated": "not simulated",
    "unwatched": "not watched", WRITTEN: "unmarked answers", ALIKE: "looks like another",
}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One submission, and why it waits; or that it does not."""

    result: Result
    reasons: tuple[tuple[str, str], ...]     # kind and sentence
    seen_by: tuple[str, ...]                 # who has marked it as reviewed

    @property
    def key(self) -> Key:
        return self.result.student, self.result.exercise

    @property
    def place(self) -> tuple[object, ...]:
        """By exercise, then by person."""
        return self.result.exercise, persons.order(self.result.name, self.result.student)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind for kind, _ in self.reasons))

    @property
    def open(self) -> bool:
        """Does it wait still? An answer without a mark does, whoever has looked at it."""
        return bool(self.reasons) and (not self.seen_by or WRITTEN in self.kinds)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What of it is looked at: by default whatever waits."""

    exercise: str = ""
    kind: str = ""

    def takes(self, one: Waiting) -> bool:
        if self.exercise not in ("", one.result.exercise):
            return False
        if self.kind == ALL:
            return True
        if self.kind == REVIEWED:
            return bool(one.seen_by)
        return one.open and (not self.kind or self.kind in one.kinds)


def waiting(results: Mapping[Key, Result], reviewed: Iterable[Reviewed],
            groups: Iterable[Alike]) -> list[Waiting]:
    """Every submission, in the queue's order."""
    seen: dict[Key, list[str]] = {}
    for one in reviewed:
        seen.setdefault((one.student, one.exercise), []).append(one.by)
    alike = {(student, group.exercise): len(group.students) - 1 for group in groups
             for student in group.students}
    found = []
    for key, result in results.items():
        reasons = [(need.kind, need.reason) for need in result.wants()]
        if key in alike:
            reasons.append((ALIKE, f"Shares most of its code with {alike[key]} other"
                                   f"{'' if alike[key] == 1 else 's'}."))
        found.append(Waiting(result=result, reasons=tuple(reasons), seen_by=tuple(seen.get(key, ()))))
    return sorted(found, key=lambda one: one.place)


def counts(queue: Sequence[Waiting], exercise: str) -> dict[str, int]:
    """Kind -> how many wait for that reason, of an exercise or of all; "": for whatever reason."""
    of = [one for one in queue if exercise in ("", one.result.exercise)]
    found = Counter(kind for one in of if one.open for kind in one.kinds)
    return {"": sum(one.open for one in of), **{kind: found[kind] for kind in sorted(found)},
            REVIEWED: sum(bool(one.seen_by) for one in of), ALL: len(of)}


def waiting_in(queue: Sequence[Waiting]) -> Counter[str]:
    """Exercise -> how many wait in it."""
    return Counter(one.result.exercise for one in queue if one.open)


def neighbours(queue: Sequence[Waiting], chosen: Filter,
               here: Waiting) -> tuple[Waiting | None, Waiting | None]:
    """What comes before one and after it, of what is looked at; it need not be among it any more."""
    shown = [one for one in queue if chosen.takes(one)]
    places = [one.place for one in shown]
    before, after = bisect_left(places, here.place), bisect_right(places, here.place)
    return (shown[before - 1] if before else None, shown[after] if after < len(shown) else None)
