"""Exercises that are graded on a real GPU as well: their probes and references hold where tensors lie on a
device.

Where there is no GPU the simulated one stands in for it: it knows where a tensor lies, which is what goes
wrong first.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec import structs

from grader import records
from grader.exercise import catalog
from grader.exercise.solutions import Solution, cells, solutions
from grader.inside.kernel.calls import observe_step
from grader.inside.simulated_cuda import entered
from grader.judge import judge, verdict_on
from grader.spec import ON_GPU, PLAIN, REAL_CUDA, Preparation, World
from grader.wall import messages, wire
from grader.wall.values import Device

COURSE = Path(__file__).parent.parent.parent / "exercises"
EXERCISES = [name for name, folder in sorted(catalog.discover(COURSE).items())
             if catalog.load(folder).settings.on_gpu]


def observed(exercise: catalog.Exercise, sources: list[str], prepared: Preparation,
             device: str) -> wire.Parcel[messages.Observations]:
    """What the steps of `plain` bring when they are made on a device."""
    names: dict[str, Any] = {"__name__": "__main__"}
    outcomes: dict[str, messages.Outcome] = {}
    arrays: dict[str, wire.Array] = {}
    with redirect_stdout(io.StringIO()):
        for source in sources:
            exec(source, names)
    for key in exercise.keys_in(ON_GPU):
        one = prepared.steps[key]
        outcomes[key], found = observe_step(one.record, one.arrays, names, exercise.settings.forbidden,
                                            device=device)
        arrays.update(found)
    run = messages.Run(defined=exercise.settings.functions)
    return wire.Parcel(record=messages.Observations(run=run, outcomes=outcomes, device=device), arrays=arrays)


def lost(exercise: catalog.Exercise, solution: Path, device: str) -> list[str]:
    """What a solution loses that is looked at on a device."""
    prepared = exercise.prepare(7)
    there = observed(exercise, cells(exercise, solution), prepared, device)
    verdicts = judge(exercise, {PLAIN.name: there, ON_GPU.name: there}, prepared)
    return [f"{v.id}: {v.message}" for v in verdicts
            if v.mark not in (records.Mark.PASS, records.Mark.NOT_AVAILABLE)]


def right(name: str) -> list[Solution]:
    exercise = catalog.load(COURSE / name)
    return [Solution(path=exercise.folder / "notebook.ipynb"), *solutions(exercise, "right")]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_holds_on_a_simulated_gpu(name: str) -> None:
    exercise = catalog.load(COURSE / name)
    with entered(World(name="one-gpu", gpus=("A simulated GPU",), built_for_cuda="12.9")):
        assert lost(exercise, exercise.folder / "notebook.ipynb", "cuda:0") == []


@pytest.mark.parametrize(("name", "solution"), [
    ("he_init", "exactly_standardised.py"),              # has a generator of its own, on the CPU
    ("thirty_layers", "closure_and_optim_step.py")])     # makes its net from numbers on the CPU
def test_a_right_solution_may_work_on_the_cpu(name: str, solution: str) -> None:
    exercise = catalog.load(COURSE / name)
    with entered(World(name="one-gpu", gpus=("A simulated GPU",), built_for_cuda="12.9")):
        assert lost(exercise, exercise.folder / "right" / solution, "cuda:0") == []


def put_on_the_cpu(step: messages.ProbeStep) -> messages.ProbeStep:
    cpu = Device(value="cpu")
    return structs.replace(step, inputs=tuple((name, cpu if isinstance(value, Device) else value)
                                              for name, value in step.inputs))


@pytest.mark.parametrize(("train", "message"), [
    ("", ""),
    ("def train(model, steps, lr):\n    return [2.3] * steps",
     "With He's initialisation the loss on new images"),
], ids=["reference", "no training"])
def test_the_convolutional_run_tells_training_from_none(train: str, message: str) -> None:
    """Its place is a GPU, and there it is only quicker."""
    exercise = catalog.load(COURSE / "thirty_layers")
    prepared = exercise.prepare(5)
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in [*cells(exercise), train]:
        exec(source, names)
    outcomes: dict[str, messages.Outcome] = {}
    arrays: dict[str, wire.Array] = {}
    for key in exercise.keys_in(REAL_CUDA):
        step = prepared.steps[key].record
        assert isinstance(step, messages.ProbeStep)
        outcomes[key], found = observe_step(put_on_the_cpu(step), prepared.steps[key].arrays, names)
        arrays.update(found)
    there = wire.Parcel(record=messages.Observations(run=messages.Run(defined=exercise.settings.functions),
                                                     outcomes=outcomes),
                        arrays=arrays)
    check = next(check for check in exercise.checks if check.id == "convolutional")
    assert verdict_on(exercise, check, {REAL_CUDA.name: there}, prepared).message[:47] == message


@pytest.mark.gpu
@pytest.mark.parametrize("name", EXERCISES)
def test_right_solutions_hold_on_the_gpu(name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    exercise = catalog.load(COURSE / name)
    found = {each.path.name: lost(exercise, each.path, "cuda:0") for each in right(name)}
    assert {file: messages for file, messages in found.items() if messages} == {}
