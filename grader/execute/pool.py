"""Runs jobs, many at a time, and decides what is run again. Decides nothing about marks.

Run again is: a sandbox that did not start; once, a notebook of which a cell killed the kernel, without that
cell; once, with more time for each cell, one of which a stopped cell may owe an answer; the steps that were
not asked because a call ended the kernel; and once, alone, what a busy machine may have made too slow or a
neighbour on the same GPU may have left without memory. All that has no more time than one submission has.
What a GPU did that no longer answers is not observed.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from msgspec.structs import replace

from grader.execute.allowance import LEAST, Allowance
from grader.execute.exchange import NOWHERE, Places
from grader.execute.gpus import Gpu, silence
from grader.execute.owed import late, owed
from grader.execute.pace import timed_out
from grader.execute.sandbox import Sandbox
from grader.wall import wire
from grader.wall.messages import (
    Again,
    Ended,
    Job,
    LossCause,
    Lost,
    NotStarted,
    Observations,
    Outcome,
    Raised,
    Returned,
    Run,
    Step,
)

TRIES = 3        # of a sandbox that does not start
REVIVALS = 3     # of a kernel that calls have ended
NO_TIME = Ended(cause=LossCause.TIMEOUT, of_all=True)
ROOM = 0.9       # of a GPU's memory; the rest is for the context itself
AHEAD = 2        # jobs that a worker takes up by itself, while what came before is judged

Found = wire.Parcel[Observations] | NotStarted


class Work(NamedTuple):
    """One job, and what it is known by."""

    key: tuple[int, str]  # number of the submission, world
    job: Job
    steps: Sequence[Step]
    arrays: Mapping[str, wire.Array]
    on_gpu: bool = False  # wants a GPU of its own
    places: Places = NOWHERE  # of the job's files


def observe(sandbox: Sandbox, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE, allowance: Allowance | None = None) -> Found:
    """A job's observations, with what is worth a second try tried again.

    Args:
        allowance: what the submission has left of its time; without one, all of it.
    """
    execution = Execution(sandbox, job, arrays, places,
                          allowance or Allowance(job.limits.submission_seconds))
    found = execution.run(steps)
    if isinstance(found, NotStarted):
        return found
    again = execution.without_killers(steps, found)
    if isinstance(again, NotStarted):
        return again
    execution, again = execution.patiently(steps, again)
    return _trusted(sandbox, job, execution.revived(steps, again))


class Execution(NamedTuple):
    """One job's executions: the first, and those that repeat it."""

    sandbox: Sandbox
    job: Job
    arrays: Mapping[str, wire.Array]
    places: Places
    allowance: Allowance

    def run(self, steps: Sequence[Step], *, left_out: tuple[int, ...] = (), repeats: bool = False) -> Found:
        """Within what the submission has left. Where that is nothing, every step has met the limit."""
        found: Found = NotStarted(reason="never tried")
        for _ in range(TRIES):
            left = self.allowance.left_to_repeat if repeats else self.allowance.left
            if left < LEAST:
                nothing = Observations(run=Run(left_out=left_out), device=self.job.world.device)
                return _not_asked(wire.Parcel(record=nothing), steps)
            job = replace(self.job, left_out=left_out or self.job.left_out, seconds=left)
            with self.allowance.charged():
                found = self.sandbox.run(job, steps, self.arrays, self.places)
            if not isinstance(found, NotStarted):
                self.allowance.free_of_charge(found.record.held_up)
                return found
        return found

    def without_killers(self, steps: Sequence[Step], found: wire.Parcel[Observations]) -> Found:
        """Once more, without the cells that ended the kernel: what lay behind them has never run, and who
        trained for long is not to lose it all."""
        run = found.record.run
        killers = tuple(event.cell for event in run.events if event.killed)
        if not killers or self.job.left_out:
            return found
        if run.seconds > self.allowance.left:
            return _not_asked(found, steps)
        again = self.run(steps, left_out=killers)
        return again if isinstance(again, NotStarted) else _with_earlier_events(again, found)

    def patiently(self, steps: Sequence[Step], found: wire.Parcel[Observations]
                  ) -> tuple[Execution, wire.Parcel[Observations]]:
        """Once more, with time for a long training, where an answer may be missing since a cell was stopped;
        but for calls that were stopped. Returns what further executions are like, too."""
        run, limits = found.record.run, self.job.limits
        stopped = late(run)
        if (stopped.keys() <= self.allowance.endless or limits.patient_seconds <= limits.cell_seconds
                or not owed(self.job, steps, run)):
            return self, found
        left_out = tuple(cell for cell in run.left_out if cell not in stopped)
        patient = self._replace(job=replace(self.job, left_out=left_out, limits=replace(
            limits, cell_seconds=limits.patient_seconds)))
        more = patient.run([step for step in steps if not timed_out(found.record.outcomes.get(step.key))])
        if (isinstance(more, NotStarted) or _cut(more)
                or any(event.killed for event in more.record.run.events)):
            self.allowance.endless.update(stopped)
            return self, found
        self.allowance.endless |= stopped.keys() & late(more.record.run).keys()
        more = _with_earlier_events(more, found)
        outcomes = {**found.record.outcomes, **more.record.outcomes}
        return patient, wire.Parcel(record=replace(more.record, outcomes=outcomes),
                                    arrays={**found.arrays, **more.arrays})

    def revived(self, steps: Sequence[Step], found: wire.Parcel[Observations]) -> wire.Parcel[Observations]:
        """A call that ends the kernel loses itself; the steps behind it are asked of a new one."""
        for _ in range(REVIVALS):
            left = [step for step in steps if _unasked(found.record.outcomes.get(step.key))]
            if not left or len(left) == len(steps):
                return found
            if found.record.run.seconds > self.allowance.left_to_repeat:
                return _not_asked(found, left)
            began = time.monotonic()
            more = self.run(left, left_out=found.record.run.left_out, repeats=True)
            if isinstance(more, NotStarted):
                return found
            self.allowance.repeat(max(0.0, time.monotonic() - began - more.record.held_up))
            outcomes = {**found.record.outcomes, **more.record.outcomes}
            found = wire.Parcel(record=replace(found.record, outcomes=outcomes),
                                arrays={**found.arrays, **more.arrays})
        return found


def _not_asked(found: wire.Parcel[Observations], steps: Sequence[Step]) -> wire.Parcel[Observations]:
    """The same, where there is no time left to ask these steps."""
    outcomes = {**found.record.outcomes, **{step.key: NO_TIME for step in steps}}
    return wire.Parcel(record=replace(found.record, outcomes=outcomes), arrays=found.arrays)


def _trusted(sandbox: Sandbox, job: Job, found: wire.Parcel[Observations]) -> Found:
    """What a job saw of a GPU counts only if, where something went wrong, the GPU still answers."""
    went_wrong = bool(found.record.run.events) or not all(isinstance(outcome, Returned)
                                                          for outcome in found.record.outcomes.values())
    if not job.gpu or not went_wrong:
        return found
    gpu = next(gpu for gpu in sandbox.gpus if gpu.uuid == job.gpu)
    why = silence(gpu)
    return NotStarted(reason=f"{gpu.name} no longer answers: {why}") if why else found


def _with_earlier_events(again: wire.Parcel[Observations],
                         before: wire.Parcel[Observations]) -> wire.Parcel[Observations]:
    """The second execution, which still tells which of the cells that it left out ended the first."""
    killed = [event for event in before.record.run.events
              if event.killed and event.cell in again.record.run.left_out]
    events = sorted([*killed, *again.record.run.events], key=lambda event: event.cell)
    run = replace(again.record.run, events=tuple(events))
    return wire.Parcel(record=replace(again.record, run=run), arrays=again.arrays)


def _unasked(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Ended) and outcome.again is Again.OF_A_NEW_KERNEL


def perhaps_too_busy(found: Found) -> bool:
    """Did a limit of wall-clock time end something while neighbours held the cores?"""
    if isinstance(found, NotStarted):
        return False
    record = found.record
    return (any(isinstance(outcome, Ended) and outcome.again is Again.ALONE
                for outcome in record.outcomes.values())
            or any(event.busy for event in record.run.events))


def perhaps_crowded_out(work: Work, found: Found) -> bool:
    """Was a GPU's memory at an end while a neighbour held some of it?

    Only the kernel can tell, and one that makes it up is run as often as one that says so truly: once more.
    """
    if isinstance(found, NotStarted) or not work.on_gpu:
        return False
    return any((isinstance(outcome, Lost | Ended) and outcome.cause is LossCause.MEMORY)
               or (isinstance(outcome, Raised) and outcome.error == "OutOfMemoryError")
               for outcome in found.record.outcomes.values())


def disturbed(work: Work, found: Found, workers: int, jobs_per_gpu: int) -> bool:
    """May neighbours be to blame, where so many jobs run at one time?"""
    return ((workers > 1 and perhaps_too_busy(found))
            or (jobs_per_gpu > 1 and perhaps_crowded_out(work, found)))


class Seats:
    """The GPUs that can be given away; each `jobs_per_gpu` times, with as large a share of its memory."""

    def __init__(self, gpus: Sequence[Gpu], jobs_per_gpu: int) -> None:
        self.share = ROOM / jobs_per_gpu
        self.free = deque(gpu for _ in range(jobs_per_gpu) for gpu in gpus)
        self.held: deque[Work] = deque()

    def next(self, waiting: Iterator[Work]) -> tuple[Work, Gpu | None] | None:
        """The next job that can start now, and its GPU; those that want one wait for it without holding
        others up."""
        if self.held and self.free:
            return self.seated(self.held.popleft())
        for work in waiting:
            if not work.on_gpu:
                return work, None
            if self.free:
                return self.seated(work)
            self.held.append(work)
        return None

    def seated(self, work: Work) -> tuple[Work, Gpu]:
        gpu = self.free.popleft()
        job = replace(work.job, gpu=gpu.uuid, gpu_node=gpu.node, gpu_share=self.share)
        return work._replace(job=job), gpu


class Allowances:
    """What each submission of a batch has left of its time; one for all of its worlds."""

    def __init__(self) -> None:
        self.made: dict[int, Allowance] = {}

    def of(self, work: Work) -> Allowance:
        return self.made.setdefault(work.key[0], Allowance(work.job.limits.submission_seconds))


def default_jobs() -> int:
    """One kernel in flight for each core. A kernel hardly ever waits; more of them only wear out
    the caches."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def observe_all(sandbox: Sandbox, work: Iterable[Work], workers: int,
                jobs_per_gpu: int = 1) -> Iterator[tuple[tuple[int, str], Found]]:
    """The observations of each job under its key, in the order in which they are done."""
    sandbox.await_ready()
    alone: list[tuple[Work, Found]] = []
    allowances = Allowances()
    waiting, seats = iter(work), Seats(sandbox.gpus, jobs_per_gpu)
    running: dict[Future[Found], tuple[Work, Gpu | None]] = {}
    executor = ThreadPoolExecutor(workers, thread_name_prefix="job")
    try:
        while True:
            while len(running) < workers + AHEAD and (taken := seats.next(waiting)) is not None:
                each = taken[0]
                running[executor.submit(observe, sandbox, each.job, each.steps, each.arrays, each.places,
                                        allowances.of(each))] = taken
            if not running:
                break
            future = next(iter(wait(running, return_when=FIRST_COMPLETED).done))
            (each, gpu), found = running.pop(future), future.result()
            if gpu is not None:
                seats.free.append(gpu)
            if disturbed(each, found, workers, jobs_per_gpu):
                alone.append((each, found))
            else:
                yield each.key, found
        for each, found in alone:
            yield each.key, run_alone(sandbox, each, found, allowances.of(each))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def run_alone(sandbox: Sandbox, work: Work, before: Found, allowance: Allowance) -> Found:
    """Once more, with the machine to itself. What was found before stands where there is no time for that."""
    job = replace(work.job, gpu_share=ROOM) if work.on_gpu else work.job
    found = observe(sandbox, job, work.steps, work.arrays, work.places, allowance)
    return before if isinstance(found, wire.Parcel) and _cut(found) else found


def _cut(found: wire.Parcel[Observations]) -> bool:
    """Did the time of the submission end before all was asked?"""
    return any(isinstance(outcome, Ended) and outcome.of_all for outcome in found.record.outcomes.values())
