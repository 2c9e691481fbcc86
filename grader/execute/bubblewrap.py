"""The sandbox that isolates: a warm server under bubblewrap, one fork of it for each job. Linux."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import IO, NamedTuple

from grader.execute import cgroup, ids, mounts
from grader.execute.exchange import NOWHERE, Places, converse
from grader.execute.gpus import Gpu
from grader.execute.sandbox import HOW_TO_GO_ON, SandboxUnavailable
from grader.wall import frames, wire
from grader.wall.frames import Order
from grader.wall.messages import Job, NotStarted, Observations, Step

Scratch = IO[bytes]
START_SECONDS = 120.0  # to import torch on a slow disk
SLACK_SECONDS = 30.0   # beyond a submission's own limit, before its runner is killed from here
# what the server needs to make each runner another user, and to end it; it gives up the rest at once
OF_MANY = ("--unshare-user", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL",
           "--cap-add", "CAP_SETPCAP")
HOW_TO_INSTALL = "install bubblewrap (apt install bubblewrap, dnf install bubblewrap)"


class BubblewrapSandbox:
    """Started as root it drops to nobody inside; started by anyone else it makes a user namespace."""

    name = "bubblewrap"

    def __init__(self, gpus: tuple[Gpu, ...] = ()) -> None:
        self.gpus = gpus
        command = shutil.which("bwrap")
        if command is None:
            raise SandboxUnavailable(f"bubblewrap is not installed: {HOW_TO_INSTALL}, {HOW_TO_GO_ON}")
        self.command = command
        self.groups = cgroup.delegated()
        self.lock = threading.Lock()
        self.jobs = 0
        self.closed = False
        self.server = Server(self.command, gpus)

    @property
    def layers(self) -> tuple[str, ...]:
        users = ["users"] if self.server.users else []
        limits = "supervisor" if isinstance(self.groups, str) else "cgroup"
        return "namespaces", *users, "system calls", limits

    def await_ready(self) -> None:
        with self.lock:
            self._await_server()

    def _await_server(self) -> None:
        trouble = self.server.await_ready()
        if trouble:
            self.server.close()
            raise SandboxUnavailable(f"bubblewrap does not start here ({trouble}): allow user namespaces, "
                                     f"see grader doctor, {HOW_TO_GO_ON}")

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
        with self.lock:
            if self.closed:
                return NotStarted(reason="the sandbox is closed")
            self.jobs += 1
            name = struct.pack("<Q", self.jobs)
            if not self.server.alive():
                self.server.close()
                self.server = Server(self.command, self.gpus)
                try:
                    self._await_server()
                except SandboxUnavailable as error:
                    return NotStarted(reason=str(error))
            server = self.server
        ours, theirs = socket.socketpair()
        with ours, self._group(job) as group:
            with theirs:
                try:
                    server.begin(name, [theirs.fileno(), *group], job.preload)
                except OSError as error:
                    return NotStarted(reason=f"the warm server ended: {error}")
            alarm = threading.Timer(job.at_most + SLACK_SECONDS, server.kill, (name, ours))
            alarm.daemon = True
            alarm.start()
            try:
                return converse(frames.Line(ours), job, steps, arrays, places)
            finally:
                alarm.cancel()

    @contextlib.contextmanager
    def _group(self, job: Job) -> Iterator[list[int]]:
        """The ends of a control group for a job, where one can be made. Where it then held nothing, that is
        said of all the batch."""
        groups = self.groups
        if isinstance(groups, str):
            yield []
            return
        try:
            group = groups.group(job.limits)
        except OSError as error:
            self.groups = f"a control group could not be made: {error}"
            yield []
            return
        try:
            with group.opened() as ends:
                yield ends
            if not group.used():
                self.groups = "a job could not join its control group"
        finally:
            group.remove()

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.server.close()

    def __enter__(self) -> BubblewrapSandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


class Server:
    """One warm server. It ends when its line is closed, however the grader ends."""

    def __init__(self, command: str, gpus: tuple[Gpu, ...]) -> None:
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.lock = threading.Lock()
        self.imported: set[str] = set()
        self.ready = False
        self.errors = open_scratch()
        with theirs:
            self.started = started(command, gpus, theirs.fileno(), self.errors)
        self.process, self.users = self.started.process, self.started.users

    def await_ready(self) -> str:
        """Wait until it has imported everything; the reason if it ends instead."""
        if self.ready:
            return ""
        self.line.settimeout(START_SECONDS)
        try:
            self.ready = self.line.recv(1) == Order.READY.value
            if self.ready:
                return ""
        except OSError as error:
            return str(error)
        self.process.wait(10)
        return last_line(self.errors) or f"exit code {self.process.returncode}"

    def alive(self) -> bool:
        return self.process.poll() is None

    def begin(self, name: bytes, ends: list[int], preload: Sequence[str]) -> None:
        """Have a runner forked that serves the job on the first of `ends`; the others are its group's.

        Raises:
            OSError: the server has ended.
        """
        with self.lock:
            for module in preload:
                if module not in self.imported:
                    self.line.send(Order.IMPORT.value + module.encode())
                    self.imported.add(module)
            socket.send_fds(self.line, [Order.JOB.value + name], ends)

    def kill(self, name: bytes, end: socket.socket) -> None:
        """The runner has not ended by itself."""
        try:
            with self.lock:
                self.line.send(Order.KILL.value + name)
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        self.line.close()
        if not self.ready:
            self.started.kill()  # it reads its line only when it has imported everything
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.started.kill()
        self.errors.close()


class Started(NamedTuple):
    """bubblewrap, with the server in it."""

    process: subprocess.Popen[bytes]
    first: int      # the first process in its namespaces; 0: it did not come to that
    users: bool     # each job will be a user of its own

    def kill(self) -> None:
        """With all that is in it. Killed alone, it may leave a process that waits for its word for ever."""
        waits = self.first and self.process.poll() is None
        if waits:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.first, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        if waits:
            with contextlib.suppress(ChildProcessError):  # it may have become ours (PR_SET_CHILD_SUBREAPER)
                os.waitpid(self.first, 0)


def started(command: str, gpus: tuple[Gpu, ...], end: int, errors: Scratch) -> Started:
    """bubblewrap, whose server speaks on the descriptor `end`; with ids for the jobs where this machine
    grants some."""
    what = [*mounts.arguments(gpus), *mounts.environment(gpus), "--chdir", "/job", "--", mounts.python(),
            "-P", "-m", "grader.inside.runner.server", str(end)]
    granted = "a GPU" if gpus else ids.granted(mounts.needed())
    if not isinstance(granted, str):
        with contextlib.suppress(OSError):
            return _with_ids([command, *unshared(), *OF_MANY, *what], granted, end, errors)
    return _popen([command, *namespaces(), *more_for(gpus), *what], (end,), errors)


def _with_ids(command: list[str], granted: ids.Granted, end: int, errors: Scratch) -> Started:
    """bubblewrap waits until the ids of its user namespace are mapped from here.

    Raises:
        OSError: they cannot be.
    """
    waiting, go = os.pipe()
    with os.fdopen(go, "wb", buffering=0) as word:
        try:
            made = _popen([command[0], "--userns-block-fd", str(waiting), *command[1:]], (end, waiting),
                          errors)
        finally:
            os.close(waiting)
        try:
            ids.write(made.first, granted)
            word.write(b"x")
        except OSError:
            made.kill()
            raise
    return made._replace(users=True)


def _popen(command: list[str], descriptors: tuple[int, ...], errors: Scratch) -> Started:
    told, telling = os.pipe()
    with os.fdopen(told, "rb") as info:
        try:
            process = subprocess.Popen([command[0], "--info-fd", str(telling), *command[1:]],
                                       pass_fds=(*descriptors, telling), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        finally:
            os.close(telling)
        try:
            first = int(json.loads(info.read())["child-pid"])
        except (ValueError, KeyError):  # it has ended, and says why on its standard error
            first = 0
    return Started(process, first, users=False)


def unshared() -> list[str]:
    return ["--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
            "--new-session", "--cap-drop", "ALL"]


def namespaces() -> list[str]:
    """Root keeps the machine's user namespace, and only what it needs to become nobody. Others get one of
    their own."""
    if os.getuid() == 0:
        return [*unshared(), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    return [*unshared(), "--unshare-user", "--uid", "65534", "--gid", "65534"]


def more_for(gpus: tuple[Gpu, ...]) -> list[str]:
    """Where there are GPUs, root keeps what uncovers /proc for a moment: the server gives it up before any
    job."""
    return ["--cap-add", "CAP_SYS_ADMIN"] if gpus and os.getuid() == 0 else []


def open_scratch() -> Scratch:
    """A nameless file for the last words of a server that does not start."""
    return tempfile.TemporaryFile()


def last_line(file: Scratch) -> str:
    """The last thing that was written there, cut to 300 characters."""
    file.seek(0)
    lines = file.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
