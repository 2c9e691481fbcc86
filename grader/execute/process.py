"""The sandbox that isolates nothing: ordinary processes of this user. For machines without bubblewrap."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import grader
from grader.execute import cgroup
from grader.execute.exchange import NOWHERE, Places, converse
from grader.execute.gpus import Gpu
from grader.wall import frames, wire
from grader.wall.messages import Job, NotStarted, Observations, Step

SLACK_SECONDS = 180.0  # a plain kernel imports torch anew each time


class ProcessSandbox:
    """Each job is a process of its own, with all that this user may do."""

    name = "process"
    layers = ()

    def __init__(self, gpus: tuple[Gpu, ...] = ()) -> None:
        self.gpus = gpus
        self.lock = threading.Lock()
        self.running: set[subprocess.Popen[bytes]] = set()

    def await_ready(self) -> None:
        return

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
        try:
            process = subprocess.Popen([sys.executable, "-P", "-m", "grader.inside.runner.portable"],
                                       env=_environment(),
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, start_new_session=True, bufsize=0)
        except OSError as error:
            return NotStarted(reason=f"no process could be started: {error}")
        with self.lock:
            self.running.add(process)
        alarm = threading.Timer(job.most_seconds + SLACK_SECONDS, _end, (process,))
        alarm.daemon = True
        alarm.start()
        try:
            return converse(Pipes(process), job, steps, arrays, places)
        finally:
            alarm.cancel()
            _close(process)
            with self.lock:
                self.running.discard(process)

    def held(self) -> str:
        """Which layer holds memory and processes, in one line."""
        return cgroup.told("no isolation")

    def close(self) -> None:
        with self.lock:
            for process in self.running:
                _end(process)

    def __enter__(self) -> ProcessSandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


class Pipes:
    """A process's two pipes as one stream."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        source: Any = process.stdout
        self.readinto, self.target = source.readinto, process.stdin

    def write(self, data: frames.Bytes, /) -> None:
        view = memoryview(data)
        while view:
            view = view[self.target.write(view):]

    def flush(self) -> None:
        """Nothing is held back: what is left in a buffer fails when it is closed."""


def _environment() -> dict[str, str]:
    here = str(Path(grader.__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _close(process: subprocess.Popen[bytes]) -> None:
    """Let the runner end its kernel and remove its folder; then make sure."""
    for pipe in process.stdin, process.stdout:
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        _end(process)
        process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
