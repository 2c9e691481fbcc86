"""The end of all that a job has started."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

import psutil

MOST_SECONDS = 20.0


def sweep(meant: Callable[[psutil.Process], bool] = lambda _: True) -> None:
    """Kill the children of this process that are meant, with all below them, until none is left.

    A daemon is below a process that has asked to adopt orphans (Linux); elsewhere it is found only as long as
    whoever started it lives.
    """
    until = time.monotonic() + MOST_SECONDS
    while (left := _below(meant)) and time.monotonic() < until:
        stopped: set[int] = set()
        while fresh := [process for process in left if process.pid not in stopped]:
            for process in fresh:  # who is stopped starts nothing more
                with contextlib.suppress(psutil.Error, OSError):
                    process.suspend()
            stopped.update(process.pid for process in fresh)
            left = _below(meant)
        for process in left:
            with contextlib.suppress(psutil.Error, OSError):
                process.kill()
        time.sleep(0.01)


def _below(meant: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Who is there still. Children that have ended are taken off the system's list on the way."""
    found = []
    for child in psutil.Process().children():
        if not meant(child):
            continue
        with contextlib.suppress(psutil.Error, OSError):
            found += child.children(recursive=True)
            if child.status() == psutil.STATUS_ZOMBIE:  # its own children may be ours by now: look once more
                os.waitpid(child.pid, os.WNOHANG)
            found.append(child)
    return found
