"""The time of one submission: over all its executions, in all its worlds."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from grader.inside.runner import held_up

LEAST = 1.0        # s: for less, no kernel is started
REPEATED = 0.1     # of the time, for running once more what has run already


class Allowance:
    """What one submission has left. Its clock runs while at least one of its executions does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.lock = threading.Lock()
        self.running, self.since, self.spent = 0, 0.0, 0.0
        self.repeated = 0.0     # s spent on cells that had run before
        self.free = 0.0         # s that others had the cores
        self.endless = set[int]()   # cells that did not end with more time either

    @property
    def left(self) -> float:
        with self.lock:
            spent = self.spent + (time.monotonic() - self.since if self.running else 0.0)
            return self.seconds - spent + min(self.free, held_up.MOST * spent)

    @property
    def left_to_repeat(self) -> float:
        """Never more than is left of all."""
        with self.lock:
            repeated = self.repeated
        return min(self.left, REPEATED * self.seconds - repeated)

    def repeat(self, seconds: float) -> None:
        """Charge for what has run before."""
        with self.lock:
            self.repeated += seconds

    def free_of_charge(self, seconds: float) -> None:
        """An execution was held up by others, as its runner has it."""
        with self.lock:
            self.free += seconds

    @contextlib.contextmanager
    def charged(self) -> Iterator[None]:
        """One execution. Worlds may be executed side by side: the same second is charged once."""
        with self.lock:
            self.since = self.since if self.running else time.monotonic()
            self.running += 1
        try:
            yield
        finally:
            with self.lock:
                self.running -= 1
                self.spent += 0.0 if self.running else time.monotonic() - self.since
