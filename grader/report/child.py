"""The process that makes pages of strangers' notebooks: a line of JSON in, a line of JSON out.

`apart` starts it, and tells what is promised.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from typing import Any

import msgspec

import grader.wall.nbformat_lean  # noqa: F401 - before the page's modules bring nbformat in
from grader.report import executed
from grader.report.apart import Asked

SECONDS = 5          # of computing for one page; 1 MB of honest text takes one
MEMORY = 2 << 30     # bytes of addresses

posix: Any = None    # Windows has no such limits: there only the clock holds, in the process that asks
with contextlib.suppress(ImportError):
    import resource as posix


def main() -> None:
    """Make pages until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)     # what a library prints is no answer
    if posix:
        with contextlib.suppress(ValueError, OSError):  # macOS knows the limit and refuses it
            posix.setrlimit(posix.RLIMIT_AS, (MEMORY, MEMORY))
    answers.write(b"\n")
    answers.flush()
    for line in sys.stdin.buffer:
        asked = msgspec.json.decode(line, type=Asked)
        _compute_for(SECONDS)
        made = executed.render(asked.notebook, student=asked.student, exercise=asked.exercise,
                               report=asked.report, language=asked.language, plain=asked.plain)
        answers.write(msgspec.json.encode(made) + b"\n")
        answers.flush()


def _compute_for(seconds: int) -> None:
    """From here on so long and no longer: this process is killed."""
    if posix:
        _, most = posix.getrlimit(posix.RLIMIT_CPU)
        until = math.ceil(time.process_time()) + seconds
        posix.setrlimit(posix.RLIMIT_CPU, (until if most == posix.RLIM_INFINITY else min(until, most), most))


if __name__ == "__main__":
    main()
