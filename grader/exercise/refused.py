"""What the sandbox's filter refuses to right solutions: nothing, on a machine that it was made for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from grader.execute.sandbox import Sandbox
from grader.exercise import catalog
from grader.exercise.inline import as_notebook
from grader.exercise.solutions import cells
from grader.wall import wire


def refused(root: Path, sandbox: Sandbox, *, every: bool = False) -> Iterator[tuple[str, Counter[str]]]:
    """Runs each exercise's own notebook, its solutions in it, in each of its worlds.

    Args:
        root: The folder of exercises. One without its notebook, as students have it, is passed over.
        sandbox: Where they run.
        every: Also the solutions of `right/`.

    Returns:
        One exercise after the other: its name, and how often which system call was refused.
    """
    for name, folder in catalog.known(root).items():
        exercise = catalog.load(folder)
        if not exercise.notebook.is_file():
            continue
        found, prepared = Counter[str](), exercise.prepare(1)
        for extra in (None, *(sorted((folder / "right").glob("*.py")) if every else ())):
            for work in exercise.jobs(0, as_notebook(cells(exercise, extra)), prepared):
                seen = sandbox.run(work.job, work.steps, work.arrays, work.places)
                if isinstance(seen, wire.Parcel):
                    found.update({each.name: each.times for each in seen.record.refused})
        yield name, found
