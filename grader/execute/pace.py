"""How much time and memory a function has for its next call."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from grader.wall.messages import Again, Ended, Limits, LossCause, Lost, Outcome, ProbeStep, Step

LESS, TIMES = 4, 2   # a quarter the next time, and then no less than a quarter of that
BESIDE = 2           # half, where another was stopped: ten times what the reference needs, if that had twenty
LEAST = 1.0          # s: importing a part of torch takes as long
PART = 16            # of the memory, for who had all of it: to fill it takes seconds


class Pace:
    """A function that was stopped has a quarter of the time for its next call: if it never ends, that costs
    seconds, and what it does with other inputs is seen all the same. With memory it is alike."""

    def __init__(self, limits: Limits) -> None:
        self.seconds, self.memory = limits.call_seconds, limits.memory_bytes // PART
        # by the functions that a step has called: which of several was slow, nobody can tell
        self.stopped = Counter[frozenset[str]]()
        self.greedy = set[frozenset[str]]()

    def of(self, step: Step) -> Step:
        """The same step, with what it has."""
        called = _called(step)
        names = {called, *(frozenset((name,)) for name in called)}
        times = min(TIMES, max(self.stopped[each] for each in names))
        less = LESS ** times if times else BESIDE if self.stopped else 1
        if not self.greedy.isdisjoint(names):
            step = replace(step, memory=self.memory)
        if less == 1:
            return step
        return replace(step, seconds=max(min(LEAST, self.seconds), self.seconds / less))

    def note(self, step: Step, outcome: Outcome) -> None:
        if timed_out(outcome):
            self.stopped[_called(step)] += 1
        if isinstance(outcome, Lost | Ended) and outcome.cause is LossCause.MEMORY:
            self.greedy.add(_called(step))


def _called(step: Step) -> frozenset[str]:
    return frozenset(step.uses if isinstance(step, ProbeStep) and step.uses else (step.function,))


def timed_out(outcome: Outcome | None) -> bool:
    """Was it stopped for its own time? A busy machine had no part in that."""
    return (isinstance(outcome, Lost | Ended) and outcome.cause is LossCause.TIMEOUT
            and not (isinstance(outcome, Ended) and (outcome.of_all or outcome.again is not Again.NO)))
