"""How to grade: what the command line says, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to grade; what the command line says."""

    exercises: Path
    exercise: str | None = None
    jobs: int | None = None
    seed: int | None = None
    language: str | None = None
    jobs_per_gpu: int = 1
