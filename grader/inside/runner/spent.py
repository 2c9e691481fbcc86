"""CPU time of a job: of a cell or a call, with all its processes and threads."""

from __future__ import annotations

import time
from collections.abc import Iterable

from grader.inside.runner.proc import Process


class Spent:
    """Adds up from look to look, so that nothing is lost with a process of which nobody has been told."""

    def __init__(self, past: Iterable[Process]) -> None:
        """`past`: processes as they are now; what they have had is not counted."""
        self.seconds = 0.0
        self._gone = 0.0    # of these, those of children that are gone; their parents may tell of them yet
        self._last = {process.pid: process for process in past}

    def look(self, tree: Iterable[Process]) -> float:
        """Seconds of CPU that these have had. A parent that has waited for a child has had the child's time;
        of a child for which nobody waits, what it had at the last look is kept."""
        now = {process.pid: process for process in tree}
        whole = (sum(process.cpu_seconds for process in now.values())
                 - sum(process.cpu_seconds for process in self._last.values()))
        own = sum(max(0.0, process.own_seconds - (self._last[pid].own_seconds if pid in self._last else 0.0))
                  for pid, process in now.items())
        told = min(self._gone, max(whole - own, 0.0))
        self._gone += max(own - whole, 0.0) - told
        self.seconds += max(whole - told, own)
        self._last = now
        return self.seconds


def clock_of(pid: int) -> float:
    """Seconds of CPU of one process, all its threads, exactly; 0 where that cannot be told."""
    # include/linux/posix-timers.h: the pid, inverted, before three bits that ask for the scheduler's time
    try:
        return time.clock_gettime((~pid << 3) | 2) if pid > 0 else 0.0
    except (OSError, AttributeError):
        return 0.0
