"""What something costs in all the processes that it starts."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

EVERY = 0.5  # seconds between two looks at the memory


@dataclass(frozen=True, kw_only=True)
class Cost:
    seconds: float
    cpu: float       # seconds, of all processes that have ended
    peak: float      # MiB: the largest sum of proportional set sizes that was seen, own process left out


def metered(work: Callable[[], object]) -> Cost:
    """The cost of the processes that `work` starts and waits for."""
    peak, done = [0.0], threading.Event()
    looking = threading.Thread(target=_look, args=(peak, done))
    before, began = _cpu(), time.perf_counter()
    looking.start()
    try:
        work()
    finally:
        seconds = time.perf_counter() - began
        done.set()
        looking.join()
    return Cost(seconds=seconds, cpu=_cpu() - before, peak=peak[0])


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _look(peak: list[float], done: threading.Event) -> None:
    me = psutil.Process()
    while not done.wait(EVERY):
        peak[0] = max(peak[0], sum(_share(child.pid) for child in me.children(recursive=True)) / 1024)


def _share(process: int) -> int:
    """Its proportional set size in KiB: what it shares with n others counts as an n-th. 0: it is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
