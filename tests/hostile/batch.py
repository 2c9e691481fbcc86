"""Grades a class in a process of its own: python -m tests.hostile.batch ROOT JOBS CANARY, another canary on
its standard input.

What it must not betray is in its environment, its arguments and its memory. Beside the output it writes
`told.json`: how long each notebook was in the sandbox, and whether a process outside was left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader import commands, records
from grader.execute.bubblewrap import BubblewrapSandbox
from grader.execute.exchange import NOWHERE, Places
from grader.execute.sandbox import SandboxUnavailable
from grader.options import Options
from grader.wall import wire
from grader.wall.messages import Job, NotStarted, Observations, Step

SEED = 11
UNAVAILABLE = 77  # exit code


class Timed(BubblewrapSandbox):
    """Knows how long each notebook took, over all its executions."""

    def __init__(self) -> None:
        super().__init__()
        self.counting = threading.Lock()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
        began = time.perf_counter()
        try:
            return super().run(job, steps, arrays, places)
        finally:
            with self.counting:
                self.seconds[digest(job.notebook)] += time.perf_counter() - began


def digest(notebook: str) -> str:
    return hashlib.sha256(notebook.encode("utf-8", "surrogatepass")).hexdigest()


def told(process: int) -> tuple[object, ...]:
    """What another process can change of one: is it traced, its priority, limits and cores."""
    status = Path(f"/proc/{process}/status").read_text()
    lines = [line for line in status.splitlines() if line.startswith(("TracerPid", "Cpus_allowed"))]
    return (*lines, os.getpriority(os.PRIO_PROCESS, process), resource.prlimit(process, resource.RLIMIT_CPU))


class Silent:
    """A watcher who says nothing."""

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None: ...

    def graded(self, result: records.Result) -> None: ...

    def judged_again(self, before: records.Result, after: records.Result) -> None: ...

    def note(self, text: str) -> None: ...


def main(root: Path, jobs: int) -> None:
    options = Options(exercises=root / "exercises", exercise="he_init", seed=SEED, jobs=jobs)
    in_memory = sys.stdin.read()
    with subprocess.Popen(["sleep", "3600"]) as witness:
        before = told(witness.pid)
        try:
            with (sandbox := Timed()):
                sandbox.await_ready()
                commands.batch([root / "in"], root / "out", options, sandbox, Silent())
        except SandboxUnavailable as error:
            print(error, file=sys.stderr)
            sys.exit(UNAVAILABLE)
        finally:
            untouched = witness.poll() is None and told(witness.pid) == before
            witness.kill()
    (root / "told.json").write_text(json.dumps({
        "untouched": untouched, "kept": bool(in_memory), "seconds": sandbox.seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
