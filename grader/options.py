"""How to grade: what the command line says, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# A secret seed cannot be guessed from what a kernel sees of it: one step's inputs, and a hash for each step.
SEED_BITS = 128


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One of the parts that a class is graded in."""

    number: int                      # from 1
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to grade; what the command line says."""

    exercises: Path                  # the folder of all exercises
    exercise: str | None = None      # of notebooks that do not say it themselves
    sandbox: str | None = None       # None: the one that isolates
    device: str = "cpu"              # or "cuda", "auto"
    jobs: int | None = None          # kernels in flight; None: as many as cores
    jobs_per_gpu: int = 1
    cluster: str | None = None       # the address of a Dask scheduler; None: this machine
    seed: int | None = None          # None: secret, drawn once
    language: str | None = None      # of the reports
    # which files are whose, and which count
    layout: str | None = None        # of the sources; None: what is there says it
    only: tuple[str, ...] = ()       # exercises; none: all
    prefer: tuple[str, ...] = ()     # globs of the files that count where several could
    mapping: Path | None = None      # a tutor's own word on that
    roster: tuple[Path, ...] = ()
    extensions: Path | None = None   # who may hand in later; None: the list of the last time
    shard: Shard | None = None       # None: the whole class
