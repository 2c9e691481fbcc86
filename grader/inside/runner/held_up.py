"""How long others have held the cores that a job wanted. A submission does not pay for its neighbours."""

from __future__ import annotations

import time

from grader.inside.runner.proc import Process, busy_seconds, waited, waits_of
from grader.wall.messages import WALL

MOST = 1 - 1 / WALL   # of any time


class HeldUp:
    """Looked at now and again, adds up. Who waits for its own children is held up by nobody."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._at = time.monotonic()
        self._waits: dict[tuple[int, int], float] = {}   # process, thread
        self._others: float | None = None
        self._told = False

    @property
    def known(self) -> bool:
        """Does Linux say how long others have worked, and how long the job's threads have waited?"""
        return self._others is not None and self._told

    def look(self, tree: list[Process], *, closely: bool = False) -> float:
        """Add what has passed since the last look, as far as some process of the job was ready to run while
        others had the cores.

        Args:
            closely: look at each thread, not at main threads alone.

        Returns:
            Seconds since the last look in which one of the job's threads was ready to run and had no core.
        """
        now, others = time.monotonic(), _of_others(tree)
        self._told = self._told or any(waited(process.pid) is not None for process in tree)
        waits = {(pid, thread): seconds for pid in (process.pid for process in tree)
                 for thread, seconds in (waits_of(pid) if closely else [(pid, waited(pid) or 0.0)])}
        waiting = max((wait - self._waits.get(thread, wait) for thread, wait in waits.items()), default=0.0)
        if others is not None and self._others is not None:
            self.seconds += max(0.0, min(waiting, others - self._others, MOST * (now - self._at)))
        self._at, self._waits, self._others = now, waits, others
        return waiting


def _of_others(tree: list[Process]) -> float | None:
    everybody = busy_seconds()
    return None if everybody is None else (everybody - time.process_time()
                                           - sum(process.cpu_seconds for process in tree))
