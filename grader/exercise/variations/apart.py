"""Mutants judged each in a process of its own, which may hang, die, or change what it likes.

A worker has imported torch and loaded the exercise once, and forks for each. A mutant is its author's own
code and isolated from the others only; it runs as `--sandbox inline` does.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import resource
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.exercise.catalog import load
from grader.exercise.flaws import Watched
from grader.exercise.inline import CellStopError, observe_inline
from grader.exercise.solutions import cells
from grader.records import Mark
from grader.spec import Preparation

TIMES_THE_ORIGINAL = 10.0  # of its CPU time, and
AND_SECONDS = 5  # a mutant may have before it counts as one that never ends
WALL_FOR_CPU = 6  # a busy machine, or one that sleeps
MEMORY_BYTES = 4 << 30  # as a submission may have by default, beside what is mapped already
UNPUNISHED = (Mark.PASS, Mark.NOT_AVAILABLE)


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of a mutant."""

    lost: tuple[str, ...] = ()  # the checks that do not pass
    raised: tuple[str, ...] = ()  # the checks that raise themselves, which withholds the mark
    ended: str = ""  # it never came to a verdict, and why
    seconds: float = 0.0  # CPU

    @property
    def noticed(self) -> bool:
        return bool(self.lost or self.ended) and not self.raised


def fate(folder: Path, seed: int, sources: Sequence[str], seconds: float) -> Fate:
    """Run and judge one solution in a fork of this process.

    Args:
        folder: The exercise's.
        seed: Of its inputs.
        sources: The solution's cells.
        seconds: CPU time that it may have.
    """
    _loaded(folder, seed)  # in the parent, so that it is done once
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        _live(folder, seed, sources, seconds, outlet)
    os.close(outlet)
    said = _heard(inlet, WALL_FOR_CPU * seconds)
    os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    try:
        found = json.loads(said)
    except ValueError:
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) not in (signal.SIGKILL, signal.SIGXCPU)
        return Fate(ended="it ends the process" if died or os.WIFEXITED(status) else "it does not end")
    return Fate(
        lost=tuple(found["lost"]),
        raised=tuple(found["raised"]),
        ended=found["ended"],
        seconds=found["seconds"],
    )


def _heard(inlet: int, seconds: float) -> bytes:
    """All that is written until the other end is closed, or the time is over."""
    heard, end = b"", time.monotonic() + seconds
    with os.fdopen(inlet, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            part = pipe.read(1 << 16)
            if not part:
                break
            heard += part
    return heard


def _live(folder: Path, seed: int, sources: Sequence[str], seconds: float, outlet: int) -> None:
    """The fork. Never returns."""
    try:
        os.setpgid(0, 0)
        whole = int(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
        resource.setrlimit(resource.RLIMIT_AS, (_mapped_bytes() + MEMORY_BYTES,) * 2)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        started = time.process_time()
        try:
            found = _judged(folder, seed, sources)
        except CellStopError as error:
            found = {"lost": [], "raised": [], "ended": f"a cell stops: {error}"[:200]}
        found["seconds"] = time.process_time() - started
        os.write(outlet, json.dumps(found).encode()[: 1 << 16])
    finally:
        os._exit(0)


def _mapped_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _judged(folder: Path, seed: int, sources: Sequence[str]) -> dict[str, object]:
    watched, prepared = _loaded(folder, seed)
    verdicts = watched.judge(observe_inline(watched.exercise, list(sources), prepared), prepared).verdicts
    return {
        "lost": [v.id for v in verdicts if v.mark not in UNPUNISHED],
        "ended": "",
        "raised": [v.id for v in verdicts if v.mark is Mark.GRADER_ERROR],
    }


@functools.lru_cache(maxsize=2)
def _loaded(folder: Path, seed: int) -> tuple[Watched, Preparation]:
    """The exercise, once run with its reference: what torch imports late, each fork would import anew."""
    exercise = load(folder)
    for module in exercise.settings.preload:
        importlib.import_module(module)
    watched, prepared = Watched(exercise), exercise.prepare(seed)
    with contextlib.suppress(CellStopError):
        watched.judge(observe_inline(exercise, cells(exercise), prepared), prepared)
    gc.freeze()
    return watched, prepared
