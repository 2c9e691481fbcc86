"""The runner: drives one kernel for one job, and is the only one that speaks with the grader.

It lives outside the kernel's namespaces and reads what comes from there as hostile. Once it has said
`started`, whatever happens is the student's.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import Protocol

from grader.inside.kernel.answering import NONCE, STATUS, Names
from grader.inside.runner.executing import Attached, Execution, Unreadable
from grader.inside.runner.watch import DYING, NOT_ASKED, WALL, Span, Watch
from grader.inside.runner.watch import Kernel as Watched
from grader.wall import frames, wire
from grader.wall.messages import Cause, Job, Lost, Run
from grader.wall.text import plain

HELLO_SECONDS = 60.0
SLACK = DYING + 2      # s beyond the watch's own limits before the runner gives a kernel up


class Kernel(Watched, Protocol):
    connection_file: str
    channel: socket.socket
    passes_descriptors: bool

    def alive(self) -> bool: ...


class Stream(frames.Readable, frames.Writable, Protocol):
    """To and from the grader."""


class NotReady(Exception):  # noqa: N818 - the name is the statement
    """The kernel did not start: ours, since no student code has run."""


def conduct(stream: Stream, job: Job, kernel: Kernel) -> None:
    """The whole of a job, from the first cell to the last call."""
    hello, reason = frames.get(frames.Timed(kernel.channel).within(HELLO_SECONDS), 1 << 16)
    if hello != b"h":
        raise NotReady(plain(reason.decode("utf-8", "replace"), 2000))
    watch = Watch(kernel, job.limits)
    try:
        Conductor(stream, job, kernel, watch).conduct()
    finally:
        watch.close()
        kernel.kill()


class Conductor:
    """What one job needs at hand while it is conducted."""

    def __init__(self, stream: Stream, job: Job, kernel: Kernel, watch: Watch) -> None:
        self.stream, self.job, self.kernel, self.watch = stream, job, kernel, watch
        self.has_started = False
        self.bytes_left = job.limits.observation_bytes
        self.dead: Lost | None = None   # what every further step gets
        self.deaf = False               # the kernel no longer answers
        self.begun = False              # a process has taken up the call
        self.stays = False              # the call's process has said that it takes the next one too

    def conduct(self) -> None:
        run = self._execute()
        frames.put(self.stream, b"r", wire.write(run))
        while True:
            kind, step = frames.get(self.stream)
            if kind != b"S":
                return
            answer = self._ask(step) if self.dead is None else wire.write(self.dead)
            self.bytes_left -= len(answer)
            frames.put(self.stream, b"o", answer)

    def _started(self) -> None:
        if not self.has_started:
            self.has_started = True
            frames.put(self.stream, b"s")

    def _execute(self) -> Run:
        began = time.monotonic()
        execution = Execution(self.job, self.watch, self._started)
        executed = ""
        try:
            manager = Attached(self.kernel, self.kernel.connection_file, self.kernel.alive)
            executed, _ = execution.run(manager)
        except Unreadable as error:
            self._give_up(Cause.CRASHED, f"the notebook cannot be read: {error}")
        except Exception as error:
            if not self.has_started and not execution.events:
                raise NotReady(f"{type(error).__name__}: {plain(str(error), 500)}") from error
            self._give_up(Cause.CRASHED, f"the notebook's messages could not be read: {type(error).__name__}")
        self._started()  # a notebook without a cell
        if execution.dead or not self.kernel.alive():
            event = execution.events[-1] if execution.dead and execution.events else None
            where = f" in cell {event.cell}" if event is not None else ""
            self._give_up(event.cause if event is not None else Cause.CRASHED,
                          self.watch.over or f"the kernel died{where}")
        return Run(executed=executed, events=tuple(execution.events), defined=self._defined(),
                   seconds=time.monotonic() - began, left_out=self.job.left_out)

    def _give_up(self, cause: Cause, detail: str) -> None:
        self.dead = self.dead or Lost(cause=cause, detail=plain(detail, 2000))

    def _defined(self) -> tuple[str, ...]:
        if self.dead is not None:
            return ()
        channel = frames.Timed(self.kernel.channel).within(self.job.limits.call_seconds + SLACK)
        try:
            channel.write(b".")
            frames.put(channel, b"D")
            kind, payload = frames.get(channel, 1 << 20)
        except frames.Broken as error:
            self._give_up(Cause.CRASHED, f"the kernel no longer answers: {error}")
            return ()
        parcel = wire.read(payload, Names) if kind == b"d" else None
        found = set(parcel.record.names) if isinstance(parcel, wire.Parcel) else set()
        return tuple(name for name in self.job.functions if name in found)

    def _ask(self, step: frames.Bytes) -> frames.Bytes:
        """One step's outcome, as the kernel's process wrote it or as the watch ended it."""
        span = self.watch.begin_call()
        nonce, fresh = os.urandom(NONCE), not self.stays
        answer = memoryview(b"")
        try:
            answer = memoryview(self._exchange(nonce, step))
        except frames.Broken as error:
            trouble = str(error)
        else:
            trouble = "it answered nothing that can be read"
        finally:
            self.watch.end(span, stays=self.stays)
        if answer[:NONCE] == nonce and span.cause is None:
            return answer[NONCE:]
        if span.killed or self.deaf or not self.kernel.alive():
            self._give_up(span.cause or Cause.CRASHED, NOT_ASKED)
            if not (self.begun and fresh) and span.cause is None and self.dead is not None:
                return wire.write(self.dead)  # it may be the call before it that has ended the kernel
        return wire.write(self._lost(span, trouble))

    def _lost(self, span: Span, trouble: str) -> Lost:
        if span.cause is not None:
            return Lost(cause=span.cause, detail=span.detail)
        if trouble.startswith("a frame of"):
            return Lost(cause=Cause.OUTPUT, detail=f"more than {self.job.limits.observation_bytes >> 20} MiB "
                        "came back")
        return Lost(cause=Cause.CRASHED, detail=plain(trouble, 500))

    def _exchange(self, *request: frames.Bytes) -> bytearray:
        """Send the request and read the answer's frame."""
        self.stays = self.begun = False
        channel = frames.Timed(self.kernel.channel)
        channel.within(WALL * self.job.limits.call_seconds + SLACK)
        if not self.kernel.passes_descriptors:
            self._send(channel, *request)
            answer = self._frame(channel)
            self._ending(channel)
            return answer
        return self._exchange_apart(channel, *request)

    def _exchange_apart(self, channel: frames.Timed, *request: frames.Bytes) -> bytearray:
        """The answer comes through a socket of its own, that only this call's process holds."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._send(channel, *request, answer=theirs.fileno())
            own = frames.Timed(ours).within(WALL * self.job.limits.call_seconds + SLACK)
            try:
                answer = self._frame(own)
            except frames.Broken as error:
                raise frames.Broken(self._ending(channel) or str(error)) from None
            self._ending(channel)
            return answer

    def _send(self, channel: frames.Timed, *request: frames.Bytes, answer: int | None = None) -> None:
        try:
            if answer is not None:
                socket.send_fds(self.kernel.channel, [b"."], [answer])
            else:
                channel.write(b".")
            frames.put(channel, b"S", *request)
        except (OSError, frames.Broken) as error:
            self.deaf = True
            raise frames.Broken(f"the kernel no longer listens: {error}") from None

    def _frame(self, stream: frames.Timed) -> bytearray:
        most = max(self.bytes_left, 0) + NONCE
        kind, payload = frames.get(stream, most)
        if kind == b"t":
            self.begun = True
            kind, payload = frames.get(stream, most)
        if kind == b"w" and len(payload) == STATUS.size:
            raise frames.Broken(ended(*STATUS.unpack(payload)))
        return payload if kind == b"o" else bytearray()

    def _ending(self, channel: frames.Timed) -> str:
        """How the call's process ended, in words; "" where nothing is said."""
        try:
            kind, payload = frames.get(channel.within(SLACK), STATUS.size)
        except frames.Broken:
            self.deaf = True
            raise frames.Broken("the call ended the kernel") from None
        self.stays = kind == b"k"
        if kind != b"w" or len(payload) != STATUS.size:
            return ""
        (status,) = STATUS.unpack(payload)
        return ended(status)


def ended(status: int) -> str:
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"the call's process was ended by {signal.Signals(number).name}"
        except ValueError:
            return f"the call's process was ended by signal {number}"
    return f"the call ended its process with code {os.waitstatus_to_exitcode(status)}"
