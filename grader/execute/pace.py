"""How much time and memory a function has for its next call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from grader.wall.messages import Again, Ended, Limits, LossCause, Lost, Outcome, ProbeStep, Step

LESS, TIMES = 4, 2   # a quarter the next time, and then no less than a quarter of that
BESIDE = 2           # half, where another was stopped: ten times what the reference needs, if that had twenty
PART = 16            # of the memory, for who had all of it: to fill it takes seconds


class Pace:
    """A function that was stopped has a quarter of the time for its next call: if it never ends, that costs
    seconds, and what it does with other inputs is seen all the same. With memory it is alike."""

    def __init__(self, limits: Limits) -> None:
        self.seconds, self.memory = limits.call_seconds, limits.memory_bytes // PART
        self.stopped = Counter[str]()
        self.greedy = set[str]()

    def of(self, step: Step) -> Step:
        """The same step, with what it has."""
        times = min(TIMES, max(self.stopped[name] for name in _called(step)))
        less = LESS ** times if times else BESIDE if self.stopped else 1
        if not self.greedy.isdisjoint(_called(step)):
            step = replace(step, memory=self.memory)
        return step if less == 1 else replace(step, seconds=self.seconds / less)

    def note(self, step: Step, outcome: Outcome) -> None:
        if timed_out(outcome):
            self.stopped.update(_called(step))
        if isinstance(outcome, Lost | Ended) and outcome.cause is LossCause.MEMORY:
            self.greedy.update(_called(step))


def _called(step: Step) -> Sequence[str]:
    return step.uses if isinstance(step, ProbeStep) and step.uses else (step.function,)


def timed_out(outcome: Outcome | None) -> bool:
    """Was it stopped for its own time? A busy machine had no part in that."""
    return (isinstance(outcome, Lost | Ended) and outcome.cause is LossCause.TIMEOUT
            and not (isinstance(outcome, Ended) and (outcome.of_all or outcome.again is not Again.NO)))
