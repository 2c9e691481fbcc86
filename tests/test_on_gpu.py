"""Exercises that are graded on a real GPU as well: their probes and references hold where tensors lie on a device.

Where there is no GPU the simulated one stands in for it: it knows where a tensor lies, which is what goes wrong first.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import torch

from grader import catalog, wire
from grader import records as r
from grader.inline import simulated
from grader.inside.calls import observe_step
from grader.judge import judge
from grader.spec import ON_GPU, PLAIN, Preparation
from grader.validate import Solution, cells, solutions

COURSE = Path(__file__).parent.parent / "exercises"
EXERCISES = [name for name, folder in sorted(catalog.discover(COURSE).items()) if catalog.load(folder).settings.on_gpu]


def observed(exercise: catalog.Exercise, sources: list[str], prepared: Preparation,
             device: str) -> wire.Parcel[r.Observations]:
    """What the steps of `plain` bring when they are made on a device."""
    names: dict[str, Any] = {"__name__": "__main__"}
    outcomes: dict[str, r.Outcome] = {}
    arrays: dict[str, wire.Array] = {}
    with redirect_stdout(io.StringIO()):
        for source in sources:
            exec(source, names)
    for key in exercise.keys_in(ON_GPU):
        one = prepared.steps[key]
        outcomes[key], found = observe_step(one.record, one.arrays, names, exercise.settings.forbidden, device=device)
        arrays.update(found)
    run = r.Run(defined=exercise.settings.functions)
    return wire.Parcel(record=r.Observations(run=run, outcomes=outcomes, device=device), arrays=arrays)


def lost(exercise: catalog.Exercise, solution: Path, device: str) -> list[str]:
    """What a solution loses that is looked at on a device."""
    prepared = exercise.prepare(7)
    there = observed(exercise, cells(exercise, solution), prepared, device)
    verdicts = judge(exercise, {PLAIN: there, ON_GPU: there}, prepared)
    return [f"{v.id}: {v.message}" for v in verdicts if v.mark not in (r.Mark.PASS, r.Mark.NOT_AVAILABLE)]


def right(name: str) -> list[Solution]:
    exercise = catalog.load(COURSE / name)
    return [Solution(path=exercise.folder / "notebook.ipynb"), *solutions(exercise, "right")]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_holds_on_a_simulated_gpu(name: str) -> None:
    exercise = catalog.load(COURSE / name)
    with simulated(("A simulated GPU",)):
        assert lost(exercise, exercise.folder / "notebook.ipynb", "cuda:0") == []


@pytest.mark.gpu
@pytest.mark.parametrize("name", EXERCISES)
def test_right_solutions_hold_on_the_gpu(name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    exercise = catalog.load(COURSE / name)
    found = {each.path.name: lost(exercise, each.path, "cuda:0") for each in right(name)}
    assert {file: messages for file, messages in found.items() if messages} == {}
