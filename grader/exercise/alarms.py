"""False alarms: how often the reference fails each check, over fresh seeds, and the rate behind that."""

from __future__ import annotations

import functools
import gc
import math
import multiprocessing
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.exercise.catalog import Exercise, load
from grader.exercise.flaws import Flaw, Watched
from grader.exercise.inline import observe_inline
from grader.exercise.solutions import cells
from grader.records import Mark


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often the reference failed one check."""

    alarms: int = 0
    draws: int = 0                         # times it was judged
    first: str = ""                        # alarm: its seed and message
    fault: Flaw | None = None              # of the check's or the probe's own, which is no alarm

    def __add__(self, other: Tally) -> Tally:
        return Tally(alarms=self.alarms + other.alarms, draws=self.draws + other.draws,
                     first=self.first or other.first, fault=self.fault or other.fault)

    @property
    def bound(self) -> float:
        """One-sided 95 % upper confidence bound of the false-alarm rate."""
        return upper_bound(self.alarms, self.draws)


Tallies = Mapping[str, Tally]              # check ->
FEW = 20   # draws: made sooner than a process has imported torch


class Alarms:
    """Counts how often the reference fails each check, over fresh seeds, in processes of its own.

    Args:
        draws: Seeds for each exercise.
        workers: Processes; None: as many as cores.
    """

    def __init__(self, draws: int, workers: int | None = None) -> None:
        self.draws = draws
        self.workers = workers or min(os.cpu_count() or 1, 8)
        self.pool = ProcessPoolExecutor(self.workers, multiprocessing.get_context("spawn"),
                                        initializer=settle)

    def begin(self, exercise: Exercise, seed: int, draws: int | None = None) -> Callable[[], Tallies]:
        """Count for the checks of this exercise, with the seeds that follow `seed`, meanwhile.

        Args:
            exercise: Whose checks.
            seed: Where the seeds begin.
            draws: How many of them, where it is not as many as for the others.

        Returns:
            What waits for the tallies. It raises CellStopError where a cell of the reference does.
        """
        checks = frozenset(check.id for check in exercise.checks)
        seeds = range(seed + 1, seed + 1 + (self.draws if draws is None else draws))
        if len(seeds) <= FEW:
            return functools.cache(lambda: _count(exercise.folder, checks, seeds))
        shares = [self.pool.submit(_count, exercise.folder, checks, seeds[i::self.workers])
                  for i in range(self.workers)]
        return lambda: _added([share.result() for share in shares])

    def __enter__(self) -> Alarms:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)


def settle() -> None:
    """Make a process ready that does nothing but judge."""
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # each step lets the collector go afterwards, and torch's own objects are a long way to walk


def _added(parts: Sequence[Tallies]) -> Tallies:
    return {check: functools.reduce(Tally.__add__, (part[check] for part in parts)) for check in parts[0]}


def _count(folder: Path, checks: Collection[str], seeds: range) -> Tallies:
    exercise = load(folder)
    exercise = exercise.part(tuple(check for check in exercise.checks if check.id in checks))
    watched, tallies = Watched(exercise), {check.id: Tally() for check in exercise.checks}
    for seed in seeds:
        prepared = exercise.prepare(seed)
        judged = watched.judge(observe_inline(exercise, cells(exercise), prepared), prepared)
        faults = {**judged.stopped, **judged.broken}
        for verdict in judged.verdicts:
            fault = faults.get(verdict.id) or faults.get(verdict.root or "")
            if fault or verdict.mark is Mark.NOT_AVAILABLE:
                tallies[verdict.id] += Tally(fault=fault)
                continue
            if verdict.mark is Mark.PASS:
                tallies[verdict.id] += Tally(draws=1)
            else:
                first = f"seed {seed}: {verdict.message or verdict.mark.value}"
                tallies[verdict.id] += Tally(alarms=1, draws=1, first=first)
    return tallies


def upper_bound(count: int, draws: int, *, miss: float = 0.05) -> float:
    """One-sided Clopper-Pearson bound of a rate.

    Args:
        count: Alarms seen.
        draws: Times it was looked.
        miss: How often the true rate may lie above the bound.

    Returns:
        The rate at which `count` alarms or fewer have probability `miss`; 1 where all were alarms.
    """
    if count >= draws:
        return 1.0
    low, high = count / draws, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(count, draws, middle) > miss else (low, middle)
    return high


def allowed_alarms(claimed: float, draws: int) -> int:
    """The most alarms that a true rate of `claimed` brings but once in 10^4 validations; 0 where nothing is
    drawn."""
    count = 0
    while claimed and _at_most(count, draws, claimed) < 1 - 1e-4:
        count += 1
    return count


def _at_most(count: int, draws: int, rate: float) -> float:
    """P(Binomial(draws, rate) <= count)."""
    if rate >= 1.0:
        return float(count >= draws)
    return sum(math.exp(math.lgamma(draws + 1) - math.lgamma(k + 1) - math.lgamma(draws - k + 1)
                        + k * math.log(rate) + (draws - k) * math.log1p(-rate)) for k in range(count + 1))
