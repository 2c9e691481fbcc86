"""What something costs in all the processes that it starts: seconds, CPU time, memory."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import psutil

EVERY = 0.5  # seconds between two looks at the memory
# `getrusage` says too little of children: a process that ends with its namespace is added to nobody's.
GROUPS = (("/sys/fs/cgroup/cpuacct", "cpuacct.usage", 1e9), ("/sys/fs/cgroup", "cpu.stat", 1e6))


@dataclass(frozen=True, kw_only=True)
class Cost:
    seconds: float
    cpu: float       # seconds, of all processes
    peak: float      # MiB: the largest sum of proportional set sizes that was seen, own process left out


def metered(work: Callable[[], object]) -> Cost:
    """The cost of the processes that `work` starts and waits for. As root, on Linux."""
    peak, done = [0.0], threading.Event()
    looking = threading.Thread(target=_look, args=(peak, done))
    with counted() as (group, usage, unit), _within(group):
        own, before, began = time.process_time(), cpu_seconds(usage, unit), time.perf_counter()
        looking.start()
        try:
            work()
        finally:
            seconds = time.perf_counter() - began
            done.set()
            looking.join()
        cpu = cpu_seconds(usage, unit) - before - (time.process_time() - own)
    return Cost(seconds=seconds, cpu=cpu, peak=peak[0])


@contextlib.contextmanager
def counted() -> Iterator[tuple[Path, Path, float]]:
    """A control group of our own: its folder, the file with its CPU time, and the unit of that.

    Raises:
        click.ClickException: none can be made.
    """
    for top, name, unit in GROUPS:
        group = Path(top, f"grader-cost-{os.getpid()}")
        with contextlib.suppress(OSError):
            group.mkdir()
            if (group / name).exists():
                try:
                    yield group, group / name, unit
                finally:
                    group.rmdir()
                return
            group.rmdir()
    raise click.ClickException("no control group can be made here: run this as root")


def cpu_seconds(usage: Path, unit: float) -> float:
    """What the group of this file has had."""
    return int(usage.read_text().split()[-1 if usage.name == "cpuacct.usage" else 1]) / unit


@contextlib.contextmanager
def _within(group: Path) -> Iterator[None]:
    """With this process in the group, and so whatever it starts."""
    (group / "cgroup.procs").write_text("0")
    try:
        yield
    finally:
        (group.parent / "cgroup.procs").write_text("0")


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
