"""CPU time by phase, of every process of a batch: in the grader's own, and in the sandbox.

Run as a module it is the grader, or the sandbox's server, with its functions wrapped. Every process adds to a
row of its own in one file that all of them have mapped; `cost.py` adds the rows up.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import mmap
import os
import random
import runpy
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROWS = 1 << 14
PHASES = ("starting", "fork", "namespaces", "shell", "client", "kernel", "cells", "forks of calls", "calls",
          "asking", "watch", "wire", "judge", "observations", "gradebook", "pages", "class")
OTHERS = len(PHASES)       # the column of all threads that are in no phase
COLUMNS = 32
INSIDE = "/grader/metered"   # where the sandbox finds the file

# the module, the function in it, what its time is counted as
OUTSIDE = (
    ("grader.execute.exchange", "converse", "wire"), ("grader.execute.bubblewrap", "converse", "wire"),
    ("grader.pipeline", "prepare", "wire"), ("grader.pipeline", "judge", "judge"),
    ("grader.keep.output", "Output.keep", "observations"),
    ("grader.keep.output", "Output.keep_modules", "observations"),
    ("grader.keep.publish", "record_mark", "gradebook"), ("grader.keep.publish", "write_pages", "pages"),
    ("grader.commands", "publish", "class"), ("grader.report.executed", "render", "pages"),
)
IN_THE_SANDBOX = (
    ("grader.inside.runner.server", "_run", "namespaces"),
    ("grader.inside.runner.jail", "_hold", "namespaces"),
    ("grader.inside.runner.jail", "_init", "namespaces"), ("grader.inside.runner.jail", "_kernel", "shell"),
    ("grader.inside.runner.conductor", "Conductor._execute", "client"),
    ("grader.inside.runner.conductor", "Conductor.conduct", "asking"),
    ("grader.inside.runner.watch", "Watch._look", "watch"),
    ("ipykernel.kernelapp", "IPKernelApp.start", "kernel"),
    ("grader.inside.kernel.answering", "Answering._answer", "forks of calls"),
    ("grader.inside.kernel.answering", "Answering._hand", "forks of calls"),
    ("grader.inside.kernel.answering", "observe_step", "calls"),
    ("grader.inside.kernel.answering", "wire.parts", "wire"),
)


class Meter:
    """Adds what a thread computes to the phase that it is in."""

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            self.table = memoryview(mmap.mmap(file.fileno(), 0)).cast("q")
        self.own = threading.local()
        self.begin("starting")
        os.register_at_fork(after_in_child=lambda: self.begin(self.own.names[-1]))

    def begin(self, name: str) -> None:
        """A process: its row, and what its first thread is doing."""
        self.row = random.SystemRandom().randrange(ROWS) * COLUMNS
        self.own.names, self.own.at = [name], 0
        self.told = 0     # ns of this process that are in some phase

    def charge(self) -> None:
        """What has passed in this thread, to its phase; what others have computed, to theirs."""
        now = time.thread_time_ns()
        passed, self.own.at = now - self.own.at, now
        self.table[self.row + PHASES.index(self.own.names[-1])] += passed
        self.told += passed
        self.table[self.row + OTHERS] = max(0, time.process_time_ns() - self.told)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        if not hasattr(self.own, "names"):   # a thread that is in no phase
            self.own.names, self.own.at = [], time.thread_time_ns()
        if self.own.names:
            self.charge()
        self.own.at = time.thread_time_ns()
        self.own.names.append(name)
        try:
            yield
        finally:
            self.charge()
            self.own.names.pop()

    def becomes(self, name: str) -> None:
        """This thread is in another phase from here on."""
        self.charge()
        self.own.names[-1] = name

    def wrap(self, module: str, where: str, name: str) -> None:
        """Count a function's time as a phase."""
        *owners, last = where.split(".")
        owner: Any = functools.reduce(getattr, owners, importlib.import_module(module))
        plain: Callable[..., Any] = getattr(owner, last)

        @functools.wraps(plain)
        def measured(*arguments: Any, **keywords: Any) -> Any:
            with self.phase(name):
                return plain(*arguments, **keywords)
        setattr(owner, last, measured)


def added_up(path: Path) -> dict[str, float]:
    """Seconds by phase, of all processes."""
    table = array("q", path.read_bytes())
    columns = [sum(table[column::COLUMNS]) / 1e9 for column in range(COLUMNS)]
    return dict(zip((*PHASES, "other threads"), columns, strict=False))


def outside(path: str, arguments: list[str]) -> None:
    """The grader, metered."""
    meter = Meter(path)
    from grader.execute import bubblewrap, pool
    from grader.report import apart

    def with_meter(command: list[str], *rest: Any) -> Any:
        place = command.index("--remount-ro", command.index("/grader/grader"))
        mounts = ["--ro-bind", __file__, "/grader/metering.py", "--bind", path, INSIDE]
        command = [*command[:place], *mounts, *command[place:]]
        command[command.index("grader.inside.runner.server")] = "metering"
        return popen(command, *rest)

    popen, observe_all = bubblewrap._popen, pool.observe_all
    changed: Any = bubblewrap
    changed._popen = with_meter
    plain = subprocess.Popen

    def metered_child(command: list[str], **keywords: Any) -> Any:
        return plain([command[0], __file__, path, "child"], **keywords)
    theirs: Any = apart
    theirs.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": metered_child})

    def from_here(*rest: Any) -> Any:
        meter.becomes("judge")
        return observe_all(*rest)
    importlib.import_module("grader.pipeline").observe_all = from_here  # type: ignore[attr-defined]
    for each in OUTSIDE:
        meter.wrap(*each)
    sys.argv = ["grader", *arguments]
    try:
        runpy.run_module("grader", run_name="__main__")
    finally:
        meter.charge()


def child(path: str) -> None:
    """The process that makes pages, metered."""
    meter = Meter(path)
    meter.wrap("grader.report.executed", "render", "pages")
    runpy.run_module("grader.report.child", run_name="__main__")


def server() -> None:
    """The sandbox's warm server, metered."""
    import socket

    from grader.inside.runner import server as warm

    meter = Meter(INSIDE)
    ids = warm.give_up_rights()
    warm.preload()
    for each in IN_THE_SANDBOX:
        meter.wrap(*each)
    shell: Any = importlib.import_module("IPython.core.interactiveshell").InteractiveShell
    nodes = shell.run_ast_nodes

    async def measured(*arguments: Any, **keywords: Any) -> Any:
        with meter.phase("cells"):
            return await nodes(*arguments, **keywords)
    shell.run_ast_nodes = measured
    meter.becomes("fork")
    warm.serve(socket.socket(fileno=int(sys.argv[1])), ids)
    meter.charge()
    os._exit(0)


if __name__ == "__main__":
    if Path(INSIDE).exists():
        server()
    elif sys.argv[2] == "child":
        child(sys.argv[1])
    else:
        outside(sys.argv[1], sys.argv[2:])
