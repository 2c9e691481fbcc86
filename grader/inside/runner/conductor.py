"""The runner: drives one kernel for one job, and is the only one that speaks with the grader.

It lives outside the kernel's namespaces and reads what comes from there as hostile. Once it has said
`started`, whatever happens is the student's.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from grader.inside.runner import calling
from grader.inside.runner.calling import CRASHED, SLACK, After, Heard
from grader.inside.runner.executing import Attached, Execution, Unreadable
from grader.inside.runner.span import Kernel as Watched
from grader.inside.runner.span import Span
from grader.inside.runner.watch import STARVED, Watch
from grader.wall import frames, wire
from grader.wall.frames import CARRIER, NONCE, Kind
from grader.wall.messages import WALL, Again, Count, Defined, Ended, Job, Refused, Run, Step
from grader.wall.text import storable

HELLO_SECONDS = 60.0
NOTHING = Defined(names=())


class Kernel(Watched, Protocol):
    connection_file: str
    channel: socket.socket
    passes_descriptors: bool

    @property
    def refused(self) -> Mapping[str, int]:
        """The system calls that were refused, and how often."""

    def shut(self) -> None:
        """From now on no process is made, but those admitted."""

    def admit(self) -> None:
        """One process, made by the kernel for the next call."""

    def resume(self) -> None:
        """A call stops the kernel while it runs."""

    def alive(self) -> bool: ...


class NotReady(Exception):  # noqa: N818 - the name is the statement
    """The kernel did not start: ours, since no student code has run."""


class Reply(NamedTuple):
    """What the grader is told of a step, and what that leaves for the next."""

    parts: tuple[frames.Bytes, ...]
    after: After                # who takes the next step
    rest: Ended | None = None   # what every further step gets, where the kernel can be asked nothing more


def conduct(stream: frames.Stream, job: Job, kernel: Kernel) -> None:
    """The whole of a job, from the first cell to the last call."""
    hello, reason = frames.get(frames.Timed(kernel.channel).within(HELLO_SECONDS), 1 << 16)
    if hello is not Kind.HELLO:
        raise NotReady(storable(reason.decode("utf-8", "replace"), 2000))
    watch = Watch(kernel, job.limits, seconds=job.most_seconds)
    try:
        Conductor(stream, job, kernel, watch).conduct()
    finally:
        watch.close()
        kernel.kill()


class Conductor:
    """What one job needs at hand while it is conducted."""

    def __init__(self, stream: frames.Stream, job: Job, kernel: Kernel, watch: Watch) -> None:
        self.stream, self.job, self.kernel, self.watch = stream, job, kernel, watch

    def conduct(self) -> None:
        run, rest = self._execute()
        frames.put(self.stream, Kind.RUN, wire.encode(run))
        room, after = self.job.limits.observation_bytes, After.READY
        if not self.job.processes:
            self.kernel.shut()
            self.watch.clear()
        while True:
            kind, step = frames.get(self.stream)
            if kind is not Kind.STEP:
                frames.put(self.stream, Kind.REFUSED, wire.encode(self._counted()))
                return
            reply = (self._ask(step, room=max(room, 0), fresh=after is not After.STAYS) if rest is None
                     else Reply((wire.encode(rest),), after, rest))
            after, rest = reply.after, reply.rest
            room -= sum(map(len, reply.parts))
            frames.put(self.stream, Kind.OUTCOME, *reply.parts)

    def _execute(self) -> tuple[Run, Ended | None]:
        """The notebook's execution, and what every call gets where none can be made."""
        began = time.monotonic()
        execution = Execution(self.job, self.watch, lambda: frames.put(self.stream, Kind.STARTED))
        executed, rest = "", None
        try:
            manager = Attached(self.kernel, self.kernel.connection_file, self.kernel.alive)
            executed, _ = execution.run(manager)
        except Unreadable:
            rest = CRASHED
        except Exception as error:  # the notebook's messages could not be read
            if not execution.begun and not execution.events:
                raise NotReady(f"{type(error).__name__}: {storable(str(error), 500)}") from error
            rest = CRASHED
        execution.begin()  # a notebook without a cell
        if rest is None and (execution.dead or not self.kernel.alive()):
            stopped = execution.span.stop if execution.dead and execution.span else None
            rest = (self.watch.over or stopped or self.watch.died()).ended
        found, rest = (NOTHING, rest) if rest else self._defined()
        seconds = time.monotonic() - began - self.watch.held_up.seconds
        return Run(executed=executed, events=tuple(execution.events), skipped=found.skipped,
                   defined=tuple(name for name in self.job.functions if name in found.names),
                   seconds=max(0.0, seconds), slowest=self.watch.slowest, left_out=self.job.left_out), rest

    def _defined(self) -> tuple[Defined, Ended | None]:
        channel = frames.Timed(self.kernel.channel).within(self.job.limits.call_seconds + SLACK)
        try:
            channel.write(CARRIER)
            frames.put(channel, Kind.NAMES)
            kind, payload = frames.get(channel, 1 << 20)
        except frames.Broken:  # the kernel no longer answers
            return NOTHING, CRASHED
        parcel = wire.read(payload, Defined) if kind is Kind.DEFINED else None
        return parcel.record if isinstance(parcel, wire.Parcel) else NOTHING, None

    def _ask(self, step: frames.Bytes, *, room: int, fresh: bool) -> Reply:
        """One step's outcome, as the kernel's process wrote it or as it was ended.

        `fresh`: no earlier call was made by the process that takes up this one.
        """
        if fresh and not self.job.processes:
            self.kernel.admit()
        seconds, memory = self._allowed(step)
        span = self.watch.begin_call(seconds, memory)
        nonce, heard = os.urandom(NONCE), Heard(After.SILENT)
        try:
            heard = calling.call(self.kernel, (nonce, step), most=room + NONCE,
                                 seconds=WALL * WALL * seconds + SLACK)
        finally:
            self.watch.end(span, stays=heard.after is After.STAYS)
        rest = self._rest(span, heard)
        if heard.answer[:NONCE] == nonce and span.stop is None:
            return Reply(calling.passed_on(heard.answer, room), heard.after, rest)
        ended = (span.stop.ended if span.stop else STARVED.ended if self.kernel.starved() else heard.ended)
        if rest is not None and span.stop is None and not (heard.taken and fresh):
            ended = rest  # it may be the call before it that has ended the kernel
        return Reply((wire.encode(ended),), heard.after, rest)

    def _allowed(self, step: frames.Bytes) -> tuple[float, int | None]:
        """The seconds and bytes that the grader allows this one."""
        opened = wire.open_parcel(step, Step)
        if isinstance(opened, wire.Garbled):
            return self.job.limits.call_seconds, None
        seconds: float | None = opened[0].seconds
        return self.job.limits.call_seconds if seconds is None else seconds, opened[0].memory

    def _counted(self) -> Count:
        refused = sorted(self.kernel.refused.items())
        return Count(held_up=self.watch.held_up.seconds,
                     refused=tuple(Refused(name=name, times=times) for name, times in refused))

    def _rest(self, span: Span, heard: Heard) -> Ended | None:
        """What every further step gets. A new kernel is asked where this one has ended, never for what it
        says."""
        if self.watch.expired and self.watch.over:
            return self.watch.over.ended
        if span.killed or heard.after is After.SILENT or not self.kernel.alive():
            cause = (span.stop or self.watch.died()).cause
            return Ended(cause=cause, again=Again.OF_A_NEW_KERNEL)
        return CRASHED if heard.after is After.GARBLING else None
