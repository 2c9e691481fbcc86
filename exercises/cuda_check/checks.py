"""What a report on CUDA, the choice of a device and a training step must do, with and without GPUs.

There are two worlds without CUDA: a build without it, in which PyTorch raises AssertionError, and a build for
CUDA on a machine without a driver, in which it raises RuntimeError. In two more the GPUs are simulated, with
names that are drawn from the batch's seed. The last is the grading machine's own GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from grader.spec import (
    NO_CUDA,
    NO_DRIVER,
    ONE_GPU,
    REAL_CUDA,
    TWO_GPUS,
    Call,
    Diagnosis,
    On,
    Probe,
    Seen,
    Strange,
    check,
    derived,
    described,
    fail,
    fail_as_raised,
    normal,
    number,
    the_one,
)

from .misconceptions import (
    ALWAYS_CPU,
    ALWAYS_CUDA,
    BUFFERS_LEFT,
    BUILT_FOR,
    DATA_LEFT,
    DEVICE_STRING,
    FIRST_NAME,
    HARD_CODED,
    LOSS_TENSOR,
    MODEL_LEFT,
    NONE_AS_TEXT,
    ONE_BUILD,
    PARENTHESES,
    READ,
    SAME_NAME,
    SECOND_GPU,
    STRING,
    TARGETS_LEFT,
    UNGUARDED,
)
from .reference import WRONG_ORDERS, close_to, learned, trained, training

BATCH, N_IN, HIDDEN, CLASSES = 16, 5, 8, 3

# Two steps of a small net in float32, on the CPU: rounding is about 1e-7, an error of the order of 1e-2.
RTOL = 1e-5
# A GPU adds up in another order; nothing here reaches TF32's 1e-3, should someone have switched it on.
RTOL_GPU = 2e-3

CPU = {"cpu"}
FUNCTIONS = ("function", "builtin_function_or_method", "method")   # types of a function that was not called
CUDA_WORDS = ("CUDA", "NVIDIA", "_cuda_")    # of which PyTorch uses one when it is asked for CUDA in vain

# --- what to observe ---------------------------------------------------------------------------------

task = {"parameters": {"0.weight": normal(HIDDEN, N_IN, std=N_IN**-0.5), "0.bias": normal(HIDDEN, std=0.1),
                       "2.weight": normal(CLASSES, HIDDEN, std=HIDDEN**-0.5),
                       "2.bias": normal(CLASSES, std=0.1)},
        "x": normal(2, BATCH, N_IN), "scores": normal(2, BATCH, CLASSES)}
batch = {"x": normal(BATCH, N_IN), "y": normal(BATCH, CLASSES)}

report_cpu_build = Call("cuda_report", world=NO_CUDA)
report_no_driver = Call("cuda_report", world=NO_DRIVER)
report_one = Call("cuda_report", world=ONE_GPU)
report_two = Call("cuda_report", world=TWO_GPUS)
facts_one = Probe("world_facts", uses="cuda_report", world=ONE_GPU)
facts_two = Probe("world_facts", uses="cuda_report", world=TWO_GPUS)

pick_cpu_build = Call("pick_device", world=NO_CUDA)
pick_no_driver = Call("pick_device", world=NO_DRIVER)
pick_one = Call("pick_device", world=ONE_GPU)
pick_two = Call("pick_device", world=TWO_GPUS)
pick_habits = Probe("habits", uses="pick_device", world=NO_CUDA, function="pick_device")

step_cpu_build = Probe("two_steps", uses="train_step", world=NO_CUDA, device=On("cpu"), **task)
step_no_driver = Probe("steps_end", uses="train_step", world=NO_DRIVER, device=On("cpu"), **task)
where_one = Probe("where", uses="train_step", world=ONE_GPU, device=On("cuda"), **batch)
where_two = Probe("where", uses="train_step", world=TWO_GPUS, device=On("cuda:1"), **batch)
step_habits = Probe("habits", uses="train_step", world=NO_CUDA, function="train_step")

report_real = Call("cuda_report", world=REAL_CUDA)
facts_real = Probe("world_facts", uses="cuda_report", world=REAL_CUDA)
pick_real = Call("pick_device", world=REAL_CUDA)
where_real = Probe("where", uses="train_step", world=REAL_CUDA, device=On("cuda"), **batch)
step_real = Probe("two_steps", uses="train_step", world=REAL_CUDA, device=On("cuda"), **task)


# --- the promises: the report --------------------------------------------------------------------------


@check(looks_at=(report_cpu_build, report_no_driver), points=3, may_raise=True, read=READ,
       hint="Without CUDA, `is_available()` and `device_count()` answer; most other questions raise.")
def report_without_cuda(cpu_build: Seen, no_driver: Seen) -> None:
    """Without CUDA the report says so: not available, no GPUs, no names, and what PyTorch was built for."""
    for seen in (cpu_build, no_driver):
        if seen.raised:
            fail_as_raised(seen, blind(cpu_build, no_driver))
    expect_report(cpu_build, (), NO_CUDA.built_for_cuda, "a build without CUDA")
    expect_report(no_driver, (), NO_DRIVER.built_for_cuda, "a build for CUDA, but no driver")


@check(looks_at=(report_one, facts_one), points=2, read="torch.cuda.get_device_name",
       hint="Everything in the report can be asked of torch.cuda and torch.version.")
def report_one_gpu(report: Seen, facts: Seen) -> None:
    """With one GPU the report says so, with the GPU's name."""
    expect_report(report, report.gpus or (), facts.mapping().text("built_for_cuda"), "one GPU")


@check(looks_at=(report_two, facts_two), points=1, visible=False, read="torch.cuda.get_device_name",
       hint="How many GPUs are there, and which of them is asked for its name?")
def report_many_gpus(report: Seen, facts: Seen) -> None:
    """With several GPUs the report counts and names each of them, in order."""
    expect_report(report, report.gpus or (), facts.mapping().text("built_for_cuda"), "two GPUs")


def expect_report(seen: Seen, names: Sequence[str], built_for: str | None, world: str) -> None:
    """The report on a world with these GPUs."""
    report = seen.value
    if not isinstance(report, dict):
        fail(f"The report is {described(report)}, not a dict.")
    want: dict[str, Any] = {"available": bool(names), "count": len(names), "names": list(names),
                            "torch_version": str(torch.__version__), "built_for_cuda": built_for}
    missing = [key for key in want if key not in report]
    if missing:
        fail(f"The report has no {', '.join(f'`{key}`' for key in missing)}.")
    for key, right in want.items():
        seen.measure(f"{key}, with {world}", described(report[key]), repr(right))
    for key, right in want.items():
        if not agrees(report[key], right):
            fail(f"With {world}, `{key}` is {described(report[key])}; expected {right!r}.",
                 misreported(key, report[key], want))


def agrees(got: Any, right: Any) -> bool:
    """Equal, and of the same kind: True is no count, and a tuple of names is as good as a list."""
    if isinstance(right, bool) or right is None:
        return got is right
    if isinstance(right, list):
        return isinstance(got, list | tuple) and len(got) == len(right) and all(map(agrees, got, right))
    return type(got) is type(right) and bool(got == right)


def misreported(key: str, got: Any, want: dict[str, Any]) -> Diagnosis | None:
    """The misconception that a wrong entry of the report shows, if just one."""
    names = want["names"]
    several = key == "names" and len(names) > 1
    uncalled = key in ("available", "count") and isinstance(got, Strange) and got.kind in FUNCTIONS
    return the_one([
        (PARENTHESES, uncalled),
        (BUILT_FOR, key == "available" and got is True and bool(want["built_for_cuda"])),
        (FIRST_NAME, several and agrees(got, names[:1])),
        (SAME_NAME, several and agrees(got, names[:1] * len(names))),
        (NONE_AS_TEXT, key == "built_for_cuda" and agrees(got, "None")),
    ])


def blind(cpu_build: Seen, no_driver: Seen) -> Diagnosis | None:
    """What a function that raised without CUDA shows."""
    errors = [seen.raised for seen in (cpu_build, no_driver) if seen.raised]
    if not all(any(word in error.message for word in CUDA_WORDS) for error in errors):
        return None
    return UNGUARDED if len(errors) == 2 else ONE_BUILD


# --- the promises: the device --------------------------------------------------------------------------


@check(looks_at=(pick_cpu_build, pick_one, pick_two, pick_habits), points=3, read=READ,
       hint="A torch.device: CUDA where a GPU is available, the CPU where not.")
def pick_device(cpu_build: Seen, one: Seen, two: Seen, habits: Seen) -> None:
    """`pick_device` returns a torch.device: CUDA where there is a GPU, the CPU where there is none."""
    worlds = ((cpu_build, "no CUDA", 0), (one, "one GPU", 1), (two, "two GPUs", 2))
    for seen, world, gpus in worlds:
        seen.measure(f"device, with {world}", described_device(seen.value), "cuda" if gpus else "cpu")
    picked = [place(seen.value) for seen, _, _ in worlds]
    kinds = {kind for kind, _ in picked}
    for (kind, index), (_, world, gpus) in zip(picked, worlds, strict=True):
        wanted = "cuda" if gpus else "cpu"
        if kind != wanted:
            uncalled = "is_available" in habits.mapping().texts("uncalled")
            fail(f"With {world}, the device is `{kind}`; expected `{wanted}`.",
                 the_one([(ALWAYS_CPU, kinds == CPU), (PARENTHESES, kinds == {"cuda"} and uncalled),
                          (ALWAYS_CUDA, kinds == {"cuda"} and not uncalled)]))
        if kind == "cuda" and index >= gpus:
            fail(f"With {world}, the device is `cuda:{index}`, which does not exist.",
                 SECOND_GPU if index == 1 and picked[2] == ("cuda", 1) else None)


def described_device(value: Any) -> str:
    return value.device if isinstance(value, On) else described(value)


def place(value: Any) -> tuple[str, int]:
    """Kind and index of a torch.device; anything else fails."""
    if isinstance(value, str):
        fail(f"`pick_device` returned the string {described(value)}, not a torch.device.", STRING)
    if not isinstance(value, On):
        fail(f"`pick_device` returned {described(value)}, not a torch.device.")
    kind, _, index = value.device.partition(":")
    return kind, int(index[:4]) if index.isascii() and index.isdecimal() else 0


# --- the promises: the training step -------------------------------------------------------------------


@check(looks_at=(where_one, where_two, step_habits), points=2, may_raise=True, read="torch.nn.Module.to",
       hint="Move the model to the device that was passed in.")
def model_on_device(one: Seen, two: Seen, habits: Seen) -> None:
    """After the step, all of the model's parameters and buffers are on `device`."""
    for seen, at, device, world in stepped(one, two):
        seen.measure(f"parameters, asked for {device}", ", ".join(sorted(at.parameters)), device)
        if at.parameters != {device}:
            fail(f"With {world} and `device` {device}, the parameters are on {told(at.parameters)} after the "
                 "step.", the_one([
                     (MODEL_LEFT, at.parameters == CPU and at.inputs == {device}),
                     (DEVICE_STRING, at.parameters == at.inputs == CPU and by_name(habits)),
                     (HARD_CODED, device == "cuda:1" and at.parameters == {"cuda:0"})]))
        if at.buffers != {device}:
            fail(f"The parameters are on {device}, the buffers on {told(at.buffers)}.",
                 BUFFERS_LEFT if at.buffers == CPU else None)


@check(looks_at=(where_one, where_two, step_habits), points=2, may_raise=True, read="torch.Tensor.to",
       hint="Inputs and targets: both, to the device that was passed in. Does Tensor.to work in place?")
def batch_on_device(one: Seen, two: Seen, habits: Seen) -> None:
    """The model is given its inputs, and the loss its targets, on `device`."""
    for seen, at, device, world in stepped(one, two):
        if not at.inputs or not at.targets:
            fail("The step does not call " + ("the model." if not at.inputs else "the loss function."))
        seen.measure(f"inputs and targets, asked for {device}", f"{told(at.inputs)} and {told(at.targets)}",
                     device)
        if not at.inputs == at.targets == {device}:
            fail(f"With {world} and `device` {device}, the model's inputs are on {told(at.inputs)} and the "
                 f"targets on {told(at.targets)}.", the_one([
                     (DATA_LEFT, at.parameters == {device} and at.inputs == at.targets == CPU),
                     (TARGETS_LEFT, at.inputs == {device} and at.targets == CPU),
                     (DEVICE_STRING, at.inputs == at.targets == at.parameters == CPU and by_name(habits)),
                     (HARD_CODED, device == "cuda:1" and at.inputs == at.targets == {"cuda:0"})]))


class Places(NamedTuple):
    """The devices on which a step left, or used, what it was given."""

    parameters: set[str]
    buffers: set[str]
    inputs: set[str]
    targets: set[str]


def stepped(one: Seen, two: Seen) -> list[tuple[Seen, Places, str, str]]:
    """(step, where things were, the device asked for, the world); a step that raised fails."""
    for seen in (one, two):
        if seen.raised:
            no_such_gpu = seen is one and "invalid device ordinal" in seen.raised.message
            fail_as_raised(seen, SECOND_GPU if no_such_gpu else None)
    return [(one, places(one), "cuda:0", "one GPU"), (two, places(two), "cuda:1", "two GPUs")]


@derived
def places(seen: Seen) -> Places:
    return Places(*(set(seen.mapping().texts(name)) for name in Places._fields))


def told(devices: set[str]) -> str:
    return " and ".join(f"`{device}`" for device in sorted(devices)[:3]) or "no device"


def by_name(habits: Seen) -> bool:
    """`train_step` compares something with a device's name."""
    if habits.raised:
        return False
    return any(word.startswith(("cuda", "cpu")) for word in habits.mapping().texts("compared"))


@check(looks_at=step_cpu_build, points=3, read="torch.optim.Optimizer.zero_grad",
       hint="zero_grad, forward, loss, backward, step: which of them is missing, or in another place?")
def learns(seen: Seen) -> None:
    """Two steps in a row move the parameters exactly as PyTorch's own training loop does."""
    got, want = learned(seen), trained(seen).parameters
    if close_to(got, want, RTOL):
        return
    start = seen.given["parameters"]
    moved, right = (float(sum((end[name] - start[name]).square().sum() for name in start) ** 0.5)
                    for end in (got, want))
    seen.measure("length of the parameters' way over two steps", f"{moved:.6g}", f"{right:.6g}")
    fail(f"After two steps the parameters are not where they should be: they moved by {moved:.4g}, a right "
         f"loop moves them by {right:.4g}.",
         the_one((mistake, close_to(got, training(seen, order).parameters, RTOL))
                 for mistake, order in WRONG_ORDERS.items()))


@check(looks_at=step_cpu_build, points=1, read="torch.Tensor.item",
       hint="A plain Python number, the loss of the batch before the parameters were moved.")
def loss_is_float(seen: Seen) -> None:
    """`train_step` returns the batch's loss as a Python float."""
    losses = seen.mapping().items("losses")
    for loss in losses:
        if not isinstance(loss, float):
            fail(f"`train_step` returned {described(loss)}, not a float.",
                 LOSS_TENSOR if isinstance(loss, torch.Tensor) else None)
    got, want = number(next(iter(losses), None), "The loss"), trained(seen).losses[0]
    seen.measure("loss of the first batch", f"{got:.6g}", f"{want:.6g}")
    if not abs(got - want) <= RTOL * abs(want):
        fail(f"The first batch's loss is {want:.6g}; `train_step` returned {got:.6g}.")


@check(looks_at=(report_cpu_build, report_no_driver, pick_cpu_build, pick_no_driver, step_cpu_build,
                 step_no_driver), points=2, may_raise=True, visible=False, read=READ,
       hint="Run all three functions on a machine without CUDA. Ask first, or catch what either build "
            "raises.")
def never_asks_blindly(*seen: Seen) -> None:
    """Where CUDA is absent, none of the three functions makes a CUDA call that raises."""
    for cpu_build, no_driver in (seen[0:2], seen[2:4], seen[4:6]):
        for one in (cpu_build, no_driver):
            if one.raised:
                found = blind(cpu_build, no_driver)
                fail_as_raised(one, HARD_CODED if found is UNGUARDED and cpu_build is seen[4] else found)


@check(looks_at=(report_real, facts_real, pick_real, where_real, step_real), points=1, read=READ,
       hint="On a real GPU: the report, the device and the training step.")
def real_cuda(report: Seen, facts: Seen, picked: Seen, where: Seen, step: Seen) -> None:
    """On a real GPU the report is true, the device is CUDA, and the step learns there as on the CPU."""
    names = facts.mapping().texts("names")
    expect_report(report, names, facts.mapping().text("built_for_cuda"), "this machine's GPU")
    kind, index = place(picked.value)
    if kind != "cuda" or not index < len(names):
        fail(f"On a machine with a GPU the device is `{described_device(picked.value)}`.")
    for what, devices in places(where)._asdict().items():
        if devices != {"cuda:0"}:
            fail(f"On a real GPU, the {what} are on {told(devices)}.")
    if not close_to(learned(step), trained(step).parameters, RTOL_GPU):
        fail("On a real GPU, two steps do not move the parameters as they do on the CPU.")
