"""The grader's end of the warm server of plain processes (`grader/inside/runner/plain_server.py`). Linux."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.inside.runner.forks import Fork
from grader.inside.runner.plain_server import OF_BOTH, OF_NOTEBOOKS, PID, become, preload
from grader.wall.frames import Order

START_SECONDS = 120.0   # to import torch on a slow disk
GOODBYE_SECONDS = 10.0
# What takes long to import: a word by which a notebook shows that it will be, and the modules
STEPS = "torch.optim", ("torch._dynamo",)    # which the first step of an optimiser imports, references' too
DRAWS = "matplotlib", OF_NOTEBOOKS


class Warm:
    """A server, which lives until its line is closed."""

    def __init__(self, line: socket.socket, process: Fork | subprocess.Popen[bytes]) -> None:
        self.line, self.process = line, process
        self.imported: set[str] = set()
        self.answered = False
        line.settimeout(START_SECONDS)

    def begin(self, folder: str, wanted: Sequence[str]) -> tuple[Fork, socket.socket]:
        """A runner for the job in a folder, our own child, and the end on which to speak with it. The modules
        that are wanted are imported before, once for all jobs.

        Raises:
            OSError: the server has ended, or there is no room for a process. Close it.
        """
        for module in wanted:
            if module not in self.imported:
                self.line.send(Order.IMPORT.value + module.encode())
                self.imported.add(module)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self.line, [Order.JOB.value + os.fsencode(folder)], [theirs.fileno()])
                answer = self.line.recv(PID.size)
        except OSError:
            ours.close()
            raise
        self.answered = True
        pid = PID.unpack(answer)[0] if answer else 0
        if not pid:
            ours.close()
            raise OSError("the warm server cannot fork")
        return Fork(pid), ours

    def close(self) -> None:
        self.line.close()
        if not self.answered:
            self.process.kill()   # it reads its line only when it has imported everything
        try:
            self.process.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def forked(notebook: Path, environment: Mapping[str, str]) -> Warm | None:
    """This process, forked into a server for a notebook: what both would import is imported once. None where
    that is not safe: elsewhere than on Linux, and where this process has done more than to start. Whoever
    comes from the server could see that, and threads are not forked.
    """
    if sys.platform != "linux" or "torch" in sys.modules or not notebook.is_file():
        return None
    text = notebook.read_text(encoding="utf-8", errors="replace")
    os.environ["OMP_NUM_THREADS"] = environment["OMP_NUM_THREADS"]   # or there are threads at once
    preload((*OF_BOTH, *_named(STEPS, text)))
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        become(theirs, environment, _named(DRAWS, text))
    theirs.close()
    return Warm(ours, Fork(pid))


def _named(late: tuple[str, tuple[str, ...]], text: str) -> tuple[str, ...]:
    word, modules = late
    return modules if word in text else ()


def started(environment: Mapping[str, str]) -> Warm | None:
    """A server that is a Python of its own. None elsewhere than on Linux."""
    if sys.platform != "linux":
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "grader.inside.runner.plain_server", str(theirs.fileno())],
            env=environment, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, cwd="/")
    return Warm(ours, process)
