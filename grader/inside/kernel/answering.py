"""Answers the runner's steps in the kernel, after the last cell, in a process apart where one can be forked.

A step is taken up by the kernel's event loop, on the main thread: a simulated device belongs to a thread, and
so does much of what the notebook left (settled.py). Nothing here passes
through `run_cell`, whose transformers a notebook can replace.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import math
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import torch

try:
    import resource
except ImportError:  # Windows, where nothing is forked
    resource = None  # type: ignore[assignment]

from grader.inside.kernel.calls import Cells, Overtime, observe_step
from grader.inside.kernel.placeholder import Placeholder
from grader.inside.kernel.skipping import Skipping
from grader.wall import frames, wire
from grader.wall.frames import NONCE, STATUS, Kind
from grader.wall.messages import LATE, Defined, Job, LossCause, Lost, Returned, Step

MOST_DESCRIPTORS = 1024
GROWN_KIB = 512 << 10  # a process whose memory has passed another half GiB is not used again


class CellNames(dict[str, tuple[int, str]]):
    """The file name that ipykernel compiles a cell under -> its index and source. Worked out when first
    asked."""

    def __init__(self, notebook: str) -> None:
        super().__init__()
        self.notebook: str | None = notebook

    def get(self, name: str, default: Any = None) -> Any:
        if self.notebook is not None:
            import ipykernel.compiler
            compiler: Any = ipykernel.compiler
            for index, source in sources_of(self.notebook):
                self[_last_part(compiler.get_file_name(source))] = (index, source)
            self.notebook = None
        return super().get(_last_part(name), default) if "ipykernel_" in name else default


def _last_part(name: str) -> str:
    """A hash of the source; the folder before it is named after the process that asks."""
    return name.replace("\\", "/").rpartition("/")[2]


def sources_of(notebook: str) -> Iterator[tuple[int, str]]:
    """The code cells' indexes and sources."""
    import json
    for index, cell in enumerate(json.loads(notebook)["cells"]):
        if cell.get("cell_type") == "code":
            source = cell.get("source", "")
            yield index, source if isinstance(source, str) else "".join(source)


class Answering:
    """Waits on the channel. `fork=False` makes the calls in the kernel itself."""

    def __init__(self, channel: socket.socket, shell: Any, job: Job, cells: Cells, skipping: Skipping, *,
                 fork: bool) -> None:
        self.channel, self.job, self.cells, self.skipping = channel, job, cells, skipping
        self.fork = fork and not job.gpu  # a CUDA context cannot be forked
        self.namespace: dict[str, Any] = shell.user_ns  # a notebook that exchanges it does not move us
        self.streams: list[Any] = [sys.stdout, sys.stderr]
        self.others = _open_descriptors()
        self.main = os.getpid()
        self.builtins = dict(vars(builtins))

    def attach(self, loop: Any) -> None:
        loop.add_handler(self.channel.fileno(), self.ready, loop.READ)

    def ready(self, *_unused: object) -> None:
        """One request: a byte that may carry the answer's descriptor, then a frame."""
        if os.getpid() != self.main:
            return
        _quieten(self.builtins)
        stream = frames.Timed(self.channel)
        answer = -1
        if hasattr(socket, "recv_fds"):
            first, descriptors, *_ = socket.recv_fds(self.channel, 1, 1)
            answer = descriptors[0] if descriptors else -1
        else:
            first = self.channel.recv(1)
        if not first:
            os._exit(0)  # the runner has gone
        kind, payload = frames.get(stream)
        if kind is Kind.NAMES:
            found = Defined(names=tuple(name for name in self.job.functions if name in self.namespace),
                            skipped=tuple(self.skipping.noted))
            frames.put(stream, Kind.DEFINED, wire.encode(found))
        elif kind is Kind.STEP:
            self._answer(payload, answer, stream)

    def _answer(self, payload: frames.Bytes, answer: int, stream: frames.Timed) -> None:
        Placeholder.answering = True
        if not self.fork:
            frames.put(stream, Kind.TAKEN)
            read = wire.read(memoryview(payload)[NONCE:], Step)
            frames.put(stream, Kind.OUTCOME, *self._observe(payload, read)[1])
            frames.put(stream, Kind.GONE, STATUS.pack(0))
            return
        inner = -1
        if answer < 0:  # the channel cannot carry descriptors: read the child's answer here and pass it on
            inner, answer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads, on purpose
            child = os.fork()
        if child == 0:
            self._hand(payload, answer, direct=inner < 0)
        os.close(answer)
        if inner >= 0:
            with os.fdopen(inner, "rb") as pipe:
                stream.write(pipe.read())
        _, status = os.waitpid(child, 0)
        frames.put(stream, Kind.GONE, STATUS.pack(status))

    def _hand(self, payload: frames.Bytes, answer: int, *, direct: bool) -> None:
        """The forked process of a call. Never returns.

        A fork copies page tables and every page that is then written, so the process takes up the next call
        as well, as long as each one returned and left the state that calls share as the notebook left it.

        `direct`: its answers go to the runner, not through the kernel.
        """
        stays = direct and self.job.world.gpus is None
        try:
            if stays:
                from grader.inside import linux
                # without its kernel it makes no further call
                linux.prctl(linux.SET_PDEATHSIG, signal.SIGKILL)
            gc.freeze()
            for number in self.others:
                if number not in (answer, self.channel.fileno()):
                    os.close(number)
            # libgomp's threads did not survive the fork; waiting for them would hang
            torch.set_num_threads(1)
            for stream in self.streams:  # whoever kept the kernel's streams writes to the call's
                stream.write = lambda text: sys.stdout.write(text)
                stream.flush = lambda: None
            found = _state()
            alone = direct and not self.job.processes
            while (self._answered(payload, answer, alone=alone) and stays and _state() == found
                   and not _has_children()):
                frames.put(frames.Line(self.channel), Kind.STAYS)
                payload, answer = self._next()
        finally:
            os._exit(0)

    def _answered(self, payload: frames.Bytes, answer: int, *, alone: bool) -> bool:
        """Make one call and send what it brought; whether it returned.

        `alone`: the kernel stands still meanwhile, with the threads that its cells have left.
        """
        if alone:  # nobody but the call itself finds the answer; the runner wakes the kernel behind it
            os.kill(self.main, signal.SIGSTOP)
        os.write(answer, frames.HEADER.pack(Kind.TAKEN.value, 0))
        parcel = wire.read(memoryview(payload)[NONCE:], Step)
        seconds = self.job.limits.call_seconds
        if isinstance(parcel, wire.Parcel) and parcel.record.seconds is not None:
            seconds = parcel.record.seconds
        _limit_cpu(seconds)
        try:
            with _in_time(seconds):
                returned, outcome = self._observe(payload, parcel)
        except Overtime as error:  # between its last line and here
            returned, outcome = False, _lost(payload, LossCause.TIMEOUT, error.seconds)
        with os.fdopen(answer, "wb") as stream:
            frames.put(stream, Kind.OUTCOME, *outcome)
        return returned

    def _next(self) -> tuple[frames.Bytes, int]:
        """The next call, once the runner asks for it."""
        first, descriptors, *_ = socket.recv_fds(self.channel, 1, 1)
        kind, payload = frames.get(frames.Line(self.channel))
        if not first or kind is not Kind.STEP or not descriptors:
            raise frames.Broken("no further call")
        return payload, descriptors[0]

    def _observe(self, payload: frames.Bytes, parcel: wire.Parcel[Step] | wire.Garbled
                 ) -> tuple[bool, tuple[frames.Bytes, ...]]:
        """Nonce and step in; whether the call returned, and nonce and outcome out, in parts."""
        limits = self.job.limits
        if isinstance(parcel, wire.Garbled):
            return False, _lost(payload, LossCause.CRASHED)
        outcome, arrays = observe_step(parcel.record, parcel.arrays, self.namespace, self.job.watched,
                                       cells=self.cells, most_bytes=limits.observation_bytes,
                                       device=self.job.world.device)
        try:
            return isinstance(outcome, Returned), (payload[:NONCE], *wire.parts(outcome, arrays))
        except Exception:  # whatever slipped through is the call's loss
            return False, _lost(payload, LossCause.CRASHED)


def _quieten(names: dict[str, Any]) -> None:
    """Take away what a notebook may have left that the kernel itself stumbles over: built-in names that mean
    something else, a pending alarm, and a signal's handler that takes away how a child ended."""
    vars(builtins).update(names)
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _lost(payload: frames.Bytes, cause: LossCause,
          after_seconds: float | None = None) -> tuple[frames.Bytes, ...]:
    """The answer to a request that came to nothing."""
    return payload[:NONCE], wire.encode(Lost(cause=cause, after_seconds=after_seconds))


def _state() -> tuple[object, ...]:
    """What calls share, a call may leave changed, and nobody can put back."""
    return (torch.is_inference_mode_enabled(), threading.active_count(),
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // GROWN_KIB)


def _has_children() -> bool:
    """A call that left processes behind takes its own with it; init then collects them."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


@contextlib.contextmanager
def _in_time(seconds: float) -> Iterator[None]:
    """Raise where the call is when its time is up, so that the line is known. The runner ends it if it goes
    on."""
    def stop(*_: object) -> None:
        raise Overtime(seconds)

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _limit_cpu(seconds: float) -> None:
    """A second more than the runner allows: the runner is exact, this holds if it is late."""
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds + LATE) + 1, most))


def _open_descriptors() -> list[int]:
    """Those that the kernel's machinery holds before the first cell: a call needs none of them."""
    found = []
    for number in range(3, MOST_DESCRIPTORS):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found
