"""A thread of the runner that watches the kernel's processes and ends what passes a limit."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable

from grader.inside.runner.held_up import HeldUp
from grader.inside.runner.mappings import Mappings
from grader.inside.runner.proc import Process, data_of, memory_of
from grader.inside.runner.span import Kernel, Span, Stop
from grader.inside.runner.spent import clock_of
from grader.wall.messages import WALL, Limits, LossCause

PERIOD = 0.1           # s between two looks, each of which reads a file for every process of every job
DEATH = 0.005          # s in which a killed process is likely to be gone
GRACE = 2.0            # s from an interrupt to a kill
DYING = 10.0           # s for a call's killed processes to be gone: many, and large, on a busy machine
ROUNDS = 50            # of killing what was forked meanwhile, in one look
HALF, FULL, GREW = 0.5, 0.9, 0.25   # of the memory that is allowed: in use after a cell, and by that cell
SUSPICIOUS = 8         # mappings are counted once the machine uses so great a part of the limit for itself
LESS, LEAST = 4, 1.0   # times less, and s of CPU at least, for a cell behind one that was stopped
CLOSELY = 1.0          # s from which on each thread of a cell or call is looked at
ALL_WAITING = 60.0     # s in which a job may compute nothing, until each cell and call may do so for 2 s only


DIED = Stop(LossCause.CRASHED, "the kernel died")
STARVED = Stop(LossCause.MEMORY, "the kernel was ended for want of memory")


class Watch:
    """Holds one submission to its limits. Cells are interrupted, then killed; of a call, its processes are
    killed."""

    def __init__(self, kernel: Kernel, limits: Limits, *, seconds: float) -> None:
        """`seconds`: what is left of the submission's."""
        self.kernel, self.limits, self.seconds = kernel, limits, seconds
        self.ends, self.held_up = time.monotonic() + seconds, HeldUp()
        self.mappings = Mappings()
        self.span: Span | None = None
        self.hand = 0           # the process that has made a call and waits for the next
        self.over: Stop | None = None   # why the kernel was ended
        self.own: set[int] | None = None  # kernel and init, once nothing else may run
        self.stopped = False    # was a cell, for time?
        self.slowest = 0.0      # s of CPU of the cell that took most
        self.idle = 0.0         # s in which cells and calls computed nothing
        self.expired = False    # for the time of the whole submission: running it again would not help
        self.lock = threading.Lock()
        self.closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def begin_cell(self) -> Span:
        """Behind one that was stopped each has a quarter of the time, if there is a second execution in which
        it has more."""
        most = self.limits.cell_seconds
        less = self.stopped and most < self.limits.patient_seconds
        seconds = max(min(LEAST, most), most / LESS) if less else most
        return self._begin(Span(self.kernel, seconds=seconds, waiting=self._waiting(seconds), call=False,
                                held_up=self.held_up))

    def begin_call(self, seconds: float, memory: int | None = None) -> Span:
        """`memory`: bytes that it may take, where that is less than there is."""
        span = Span(self.kernel, seconds=seconds, waiting=self._waiting(seconds), call=True,
                    held_up=self.held_up, hand=self.hand)
        if self.own is not None and not span.before <= self.own:
            self._end_all_but({*self.own, self.hand}, None, self.kernel.tree())
            span.before &= self.own
        if memory is not None:
            tree = _older(span, self.kernel.tree())
            span.memory = memory + memory_of(tree, 0, self.kernel.unmapped())
        return self._begin(span)

    def _waiting(self, seconds: float) -> float:
        """Who computes nothing is given WALL times as long by the clock; less at the end of what all cells
        and calls may wait together."""
        most = (WALL - 1) * seconds
        return min(most, max((WALL - 1) * LEAST, ALL_WAITING - self.idle))

    def _begin(self, span: Span) -> Span:
        with self.lock:
            self.span = span
        return span

    def end(self, span: Span, *, stays: bool = False) -> None:
        """The cell or call is over. Where its process `stays` for the next call, only what else it left is
        ended."""
        with self.lock:
            self.span = None
        self.idle += max(0.0, span.idle)
        if not span.call:
            self.slowest = max(self.slowest, span.used, clock_of(self.kernel.pid) - span.clock)
            self.stopped |= span.stop is not None and span.stop.cause is LossCause.TIMEOUT
        elif not span.killed:  # with the kernel, all that it started goes
            tree = self.kernel.tree()
            born = [p for p in tree if p.pid not in span.before and p.parent == self.kernel.pid]
            self.hand = min((p.pid for p in born), default=0) if stays and not span.asked else 0
            self._end_all_but({*span.before, self.hand}, span, tree)

    def clear(self) -> None:
        """End what the cells left running, now and where it comes late: nothing else runs beside a call."""
        tree = self.kernel.tree()
        kernel = next((process for process in tree if process.pid == self.kernel.pid), None)
        if kernel is not None:
            self.own = {kernel.pid, kernel.parent}
            self._end_all_but(self.own, None, tree)

    def end_hoarding(self, span: Span, *, short_of_memory: bool) -> None:
        """End a kernel to which a cell has left too little memory for the calls: what it holds, it holds.

        Args:
            short_of_memory: the kernel says that the cell failed for it. It is believed where half is gone;
                else almost all must be, as behind a cell that caught the error.
        """
        data, most = data_of(self.kernel.pid), self.limits.memory_bytes
        if data - span.data > GREW * most and data > (HALF if short_of_memory else FULL) * most:
            with self.lock:
                self._kill(span, Stop(LossCause.MEMORY, f"left {data >> 20} of {most >> 20} MiB of memory in "
                                                        "use"))

    def died(self) -> Stop:
        """Why a kernel is gone that nothing here has ended."""
        return STARVED if self.kernel.starved() else DIED

    def close(self) -> None:
        self.closed.set()

    def stop(self, why: Stop) -> None:
        """Interrupt the running cell; it is killed if it goes on."""
        with self.lock:
            if self.span is not None and self.span.stop is None:
                self.span.stop, self.span.asked = why, time.monotonic()
                self.kernel.interrupt()

    def _watch(self) -> None:
        while not self.closed.wait(PERIOD):
            with self.lock:
                try:
                    self._look()
                except Exception:  # a process that ended meanwhile; the next look must come
                    continue

    def _look(self) -> None:
        now, span = time.monotonic(), self.span
        if now > self.ends + self.held_up.seconds:
            self.expired = True
            words = f"stopped after {self.seconds:.0f} s: the submission has no time left"
            self._kill(span, Stop(LossCause.TIMEOUT, words, of_all=True))
            return
        tree = self.kernel.tree()
        closely = span is not None and now - span.started > CLOSELY
        waited = self.held_up.look(tree, closely=closely)
        if self._over(tree, span) and not (span is not None and span.call and span.asked):
            self._end_span(span, tree, Stop(LossCause.MEMORY,
                                            f"more than {self.limits.memory_bytes >> 20} MiB of memory"))
        elif span is not None and span.call and span.asked:
            self._kill_born(span, tree)
            if now > span.asked + DYING or self._over(_older(span, tree)):
                self._kill(span, span.stop)
        elif span is not None and span.asked:
            if now > span.asked + GRACE:
                self._kill(span, span.stop)
        elif span is not None:
            stop = span.look(tree, waited)
            if stop is not None:
                self._end_span(span, tree, stop)

    def _over(self, tree: list[Process], span: Span | None = None) -> bool:
        """Do these use more memory than is allowed, in this call perhaps, with what none of them shows?"""
        most = self.limits.memory_bytes
        most = min(most, span.memory) if span is not None and span.memory else most
        nowhere = self.kernel.unmapped() + self.mappings.cost(tree, most // SUSPICIOUS)
        return memory_of(tree, most, nowhere) > most

    def _end_span(self, span: Span | None, tree: list[Process], why: Stop) -> None:
        """A call loses its processes, and the kernel if that does not end it; a cell is interrupted, or for
        memory killed."""
        if span is not None and span.call and not (why.cause is LossCause.MEMORY
                                                  and self._over(_older(span, tree))):
            span.stop, span.asked = why, time.monotonic()
            self._kill_born(span, tree)
        elif span is not None and not span.call and why.cause is not LossCause.MEMORY:
            span.stop, span.asked = why, time.monotonic()
            self.kernel.interrupt()
        else:
            self._kill(span, why)

    def _kill_born(self, span: Span, tree: list[Process]) -> None:
        """A call's processes. While one is killed another may be forked: until none is new."""
        killed = set(span.before)
        for _ in range(ROUNDS):
            born = {process.pid for process in tree} - killed
            if not born:
                return
            _kill_all(born)
            killed |= born
            tree = self.kernel.tree()

    def _kill(self, span: Span | None, why: Stop | None) -> None:
        if span is not None and not span.killed:
            span.stop, span.killed = span.stop or why, True
        self.over = self.over or why
        self.kernel.kill()

    def _end_all_but(self, kept: set[int], span: Span | None, tree: list[Process]) -> None:
        """What cells or a call left behind is no part of the next call."""
        ends, killed = time.monotonic() + GRACE, set[int]()
        while time.monotonic() < ends:
            left = {process.pid for process in tree} - kept
            if not left:
                return
            _kill_all(left - killed)
            killed |= left
            time.sleep(DEATH)  # dying ones still count among the processes that the next call may have
            tree = self.kernel.tree()
        if not {process.pid for process in tree} - kept - killed:
            return  # some take long to die; they do nothing more
        self._kill(span, Stop(LossCause.CRASHED, "it left processes that could not be ended"))


def _older(span: Span, tree: list[Process]) -> list[Process]:
    """What ran before this call."""
    return [process for process in tree if process.pid in span.before]


def _kill_all(pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
