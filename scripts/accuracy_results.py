"""What accuracy.py has found so far, under keys that change with whatever may change a result."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from grader.execute.pool import default_jobs
from grader.exercise.catalog import Exercise
from grader.keep.unchanged import JUDGING, OBSERVING, contents, digest, sources

# What decides the results of each part, beside the exercise's checks and our own code.
PARTS = {"wrong": ("notebook.ipynb", "wrong/*.py"),
         "mutants": ("notebook.ipynb", "right/*.py", "equivalent.toml"),
         "alarms": ("notebook.ipynb",),
         "answers": ("notebook.ipynb", "right/*.py")}
CODE = (*OBSERVING, *JUDGING, "intake", "exercise")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the measurement of one exercise."""

    name: str
    exercise: Exercise
    key: str                               # another one for whatever may change a result

    @classmethod
    def of(cls, name: str, exercise: Exercise) -> Part:
        files = [file for pattern in PARTS[name] for file in sorted(exercise.folder.glob(pattern))]
        return cls(name=name, exercise=exercise, key=digest(
            name, exercise.name, contents(exercise), *exercise.packages,
            *(part for file in files for part in (file.name, file.read_bytes())), sources(CODE),
            platform.python_version(), platform.machine(), torch.__version__))

    @property
    def seed(self) -> int:
        """Another one for each change too: nothing is fitted to the answers of last time."""
        return int(self.key[:7], 16)


class Results:
    """What was found so far: a file to which each result is appended as it comes."""

    def __init__(self, folder: Path) -> None:
        self.path, self.lost = folder / "results.jsonl", folder / "lost"
        self.lost.mkdir(parents=True, exist_ok=True)
        self._lines: dict[str, list[dict[str, Any]]] = {}
        before = self.path.read_bytes() if self.path.exists() else b""
        for line in before.splitlines():
            try:
                found = json.loads(line)
                self._lines.setdefault(found["key"], []).append(found)
            except (ValueError, KeyError, TypeError):  # the last line of a run that was killed
                continue
        self._file = self.path.open("ab")
        if before and not before.endswith(b"\n"):
            self._file.write(b"\n")
        self.begin()

    def begin(self) -> None:
        """What is added next has taken the time from here on."""
        self._since = time.monotonic()

    def add(self, part: Part, **found: object) -> None:
        now = time.monotonic()
        line = {"key": part.key, "part": part.name, "exercise": part.exercise.name,
                "cores": default_jobs(), "seconds": round(now - self._since, 3), **found}
        self._lines.setdefault(part.key, []).append(line)
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        self._since = now

    def of(self, part: Part) -> list[dict[str, Any]]:
        return self._lines.get(part.key, [])
