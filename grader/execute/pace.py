"""How long a function has for its next call."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from grader.wall.messages import Again, Ended, LossCause, Lost, Outcome, Step

LESS, TIMES = 4, 2   # a quarter the next time, and then no less than a quarter of that


class Pace:
    """A function that was stopped has a quarter of the time for its next call: if it never ends, that costs
    seconds, and what it does with other inputs is seen all the same."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stopped = Counter[str]()

    def of(self, step: Step) -> Step:
        """The same step, with the time that it has."""
        times = min(TIMES, self.stopped[step.function])
        return replace(step, seconds=self.seconds / LESS ** times) if times else step

    def note(self, step: Step, outcome: Outcome) -> None:
        if timed_out(outcome):
            self.stopped[step.function] += 1


def timed_out(outcome: Outcome | None) -> bool:
    """Was it stopped for its own time? A busy machine had no part in that."""
    return (isinstance(outcome, Lost | Ended) and outcome.cause is LossCause.TIMEOUT
            and not (isinstance(outcome, Ended) and (outcome.of_all or outcome.again is not Again.NO)))
