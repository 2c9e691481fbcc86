"""The warm server of plain processes: one process that has imported what runners and kernels need, forked for
each job. Linux.

Forked from a grader that has only begun, or started as ``python -P -m grader.inside.runner.plain_server
DESCRIPTOR``. On its line, one end of a socketpair, comes a job's folder, with the descriptor on which its
runner speaks; the runner's pid goes back. Or a module's name comes, to be imported for the jobs to come.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import socket
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from grader.inside.runner.server import uncollected
from grader.wall.frames import Line, Order

MESSAGE = 4096   # bytes at most
PID = struct.Struct("<i")
OF_BOTH = ("grader.wall.nbformat_lean", "torch")   # what a grader imports too, and whoever it forks then has
OF_JOBS = ("grader.inside.runner.portable", "grader.inside.runner.conductor", "grader.inside.kernel.start",
           "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger",
           "IPython.core.completerlib", "tornado.platform.asyncio")
OF_NOTEBOOKS = ("matplotlib.pyplot", "matplotlib_inline.backend_inline", "grader.inside.kernel.figures")


def preload(names: Iterable[str]) -> None:
    """Import. What fails, fails in the notebook too, where it can be seen."""
    with uncollected():
        for name in names:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def become(line: socket.socket, environment: Mapping[str, str], late: Iterable[str]) -> NoReturn:
    """Be the server, in a process that was just forked: nothing of what it was given stays, but its modules.

    Args:
        line: where orders come from; the server ends when it is closed.
        environment: the whole of it.
        late: modules that the notebook will import.
    """
    try:
        os.setsid()
        _close_others(line.fileno())
        os.chdir("/")
        os.environ.clear()
        os.environ.update(environment)
        if not sys.flags.safe_path:
            del sys.path[0]   # the folder that the grader was started in, or its script's
        preload((*OF_JOBS, *late))
        serve(line)
    finally:
        os._exit(0)


def _close_others(kept: int) -> None:
    from grader.inside import linux

    linux.close_all_but(kept)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in 0, 1, 2:
        os.dup2(nowhere, number)
    os.close(nowhere)


def serve(line: socket.socket) -> None:
    """Fork a runner for each job, until the grader closes the line."""
    gc.set_threshold(50_000, 20, 100)  # a notebook lives for seconds: fewer walks over what it makes
    while True:
        message, descriptors, _, _ = socket.recv_fds(line, MESSAGE, 1)
        if not message:
            return
        if message[:1] == Order.IMPORT.value:
            preload([message[1:].decode()])
        for descriptor in descriptors:
            line.send(PID.pack(_begun(line, Path(os.fsdecode(message[1:])), descriptor)))
            os.close(descriptor)


def _begun(line: socket.socket, folder: Path, descriptor: int) -> int:
    """A runner, by its pid; 0: there is no room for a process. Whoever has forked it has ended: it is the
    child of the grader, who has asked to adopt orphans."""
    told, telling = os.pipe()
    try:
        between = os.fork()
        if between == 0:
            try:
                pid = os.fork()
                if pid == 0:
                    line.close()
                    os.close(told)
                    os.close(telling)
                    _run(folder, descriptor)
                os.write(telling, PID.pack(pid))
            finally:
                os._exit(0)
        os.waitpid(between, 0)
    except OSError:
        return 0
    finally:
        os.close(telling)
        found = os.read(told, PID.size)   # it is written, or nobody is there to write
        os.close(told)
    return int(PID.unpack(found)[0]) if found else 0


def _run(folder: Path, descriptor: int) -> NoReturn:
    """A runner, from its first act to its end."""
    from grader.inside.runner import portable

    try:
        os.setsid()
        portable.run_job(folder, Line(socket.socket(fileno=descriptor)), warm=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    preload((*OF_BOTH, *OF_JOBS, *OF_NOTEBOOKS))
    serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)   # or Python takes apart what was imported
