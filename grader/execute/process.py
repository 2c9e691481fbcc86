"""The sandbox without a wall: ordinary processes of this user. For machines without bubblewrap.

What is promised: a job's processes and its folder end with it (on Linux its daemons too), and of the
environment only what is named below is passed on. Where Linux has Landlock, a job also reads and writes no
other files than its own and the system's. Against code that sets out to break it, none of this is a wall.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from grader.execute.exchange import NOWHERE, Places, converse
from grader.execute.gpus import Gpu
from grader.execute.warm import Warm
from grader.files import import_path
from grader.inside import linux
from grader.inside.runner.forks import Fork
from grader.inside.runner.sweeping import sweep
from grader.wall import frames, wire
from grader.wall.messages import Job, NotStarted, Observations, Step

SLACK_SECONDS = 180.0  # a plain kernel imports torch anew each time
GOODBYE_SECONDS = 30.0 # in which a runner ends all that its job has started
# The environment is an allow-list: keys, tokens and proxies with passwords stay outside.
PASSED_ON = frozenset((
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "CONDA_PREFIX",
    "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "PYTHONHOME",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "KMP_DUPLICATE_LIB_OK",
    "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES",
    # Windows, where little starts without them
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "APPDATA", "LOCALAPPDATA",
    "PROGRAMDATA", "PROGRAMFILES", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "USERNAME",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"))


Runner = subprocess.Popen[bytes] | Fork


class ProcessSandbox:
    """Each job is a process of its own, with all that this user may do."""

    name = "process"
    layers = ()

    def __init__(self, gpus: tuple[Gpu, ...] = (), server: Warm | None = None) -> None:
        """`server`: whose forks the jobs are; without one, or once it has ended, each starts from nothing."""
        self.gpus, self.server = gpus, server
        self.lock = threading.Lock()
        self.running: set[Runner] = set()
        if sys.platform == "linux":  # whose runner is killed comes to us, and does not get away
            linux.prctl(linux.SET_CHILD_SUBREAPER, 1)

    def await_ready(self) -> None:
        return

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
        folder = str(Path(tempfile.gettempdir(), f"grader-{secrets.token_hex(8)}"))
        try:
            return self._run_in(folder, job, steps, arrays, places)
        finally:
            _remove(folder)

    def _run_in(self, folder: str, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
                places: Places) -> wire.Parcel[Observations] | NotStarted:
        try:
            with self.lock:
                process, line = self._begun(folder, job)
                self.running.add(process)
        except OSError as error:
            return NotStarted(reason=f"no process could be started: {error}")
        alarm = threading.Timer(job.at_most + SLACK_SECONDS, process.terminate)
        alarm.daemon = True
        alarm.start()
        try:
            return converse(line, job, steps, arrays, places)
        finally:
            alarm.cancel()
            line.close()
            self._close(process)

    def _begun(self, folder: str, job: Job) -> tuple[Runner, Pipes | Line]:
        if self.server:
            try:
                forked, end = self.server.begin(folder, job.preload)
            except OSError:
                self.server.close()
                self.server = None
            else:
                return forked, Line(end)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "grader.inside.runner.portable", folder], env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, bufsize=0)
        return process, Pipes(process)

    def _close(self, process: Runner) -> None:
        """Let the runner end all that its job has started; then make sure."""
        try:
            process.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            process.wait()
        with self.lock:
            self.running.discard(process)
            if process.returncode and sys.platform == "linux":  # it did not come to that
                ours = os.getsid(0)
                known = [*self.running, *([self.server.process] if self.server else [])]
                sweep(lambda child: _session(child) != ours and all(child.pid != each.pid for each in known))

    def close(self) -> None:
        with self.lock:
            for process in self.running:
                process.terminate()
        if self.server:
            self.server.close()

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
        self.readinto, self.source, self.target = source.readinto, source, process.stdin

    def write(self, data: frames.Bytes, /) -> None:
        view = memoryview(data)
        while view:
            view = view[self.target.write(view):]

    def flush(self) -> None:
        """Nothing is held back: what is left in a buffer fails when it is closed."""

    def close(self) -> None:
        for pipe in self.target, self.source:
            with contextlib.suppress(OSError):
                pipe.close()


class Line(frames.Line):
    """A socket, which ends its runner when it is closed."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        self.close = end.close


def environment() -> dict[str, str]:
    """What a job's processes are given of this one's environment, and what they need beside it."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in PASSED_ON}
    return {**kept, "PYTHONPATH": import_path(), "OMP_NUM_THREADS": "1", "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _remove(folder: str) -> None:
    """Whatever rights a notebook has taken from its own folders."""
    for top, names, _ in os.walk(folder):
        for path in (Path(top, name) for name in names):
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _session(process: psutil.Process) -> int:
    """The session of a process; our own for one that is gone."""
    try:
        return os.getsid(process.pid)
    except OSError:
        return os.getsid(0)


def _end(process: Runner) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
