"""What a report on CUDA, the choice of a device and a training step must do, with and without GPUs.

There are two worlds without CUDA: a build without it, in which PyTorch raises AssertionError, and a build for
CUDA on a machine without a driver, in which it raises RuntimeError. In two more the GPUs are simulated, with
names that are drawn from the batch's seed. The last is the grading machine's own GPU.
"""

from __future__ import annotations

import torch

from grader.spec import (
    NO_CUDA,
    NO_DRIVER,
    ONE_GPU,
    REAL_CUDA,
    TWO_GPUS,
    Call,
    On,
    Probe,
    Seen,
    check,
    described,
    fail,
    fail_as_raised,
    normal,
    the_one,
)

from .misconceptions import (
    BUFFERS_LEFT,
    DATA_LEFT,
    DEVICE_STRING,
    GPU_NAMED,
    HARD_CODED,
    LOSS_AFTERWARDS,
    LOSS_KEPT,
    LOSS_TENSOR,
    MODEL_LEFT,
    NO_DEVICE,
    READ,
    SECOND_GPU,
    TARGETS_LEFT,
    UNGUARDED,
)
from .places import by_name, described_device, mispicked, place, places, stepped, told
from .reference import close_to, learned, mistaken, trained
from .report import blind, expect_report

BATCH, N_IN, HIDDEN, CLASSES = 16, 5, 8, 3

# Two steps of a small net in float32, on the CPU: rounding is about 1e-7, an error of the order of 1e-2.
RTOL = 1e-5
RTOL_LOSS = 1e-5
# A GPU adds up in another order; nothing here reaches TF32's 1e-3, should someone have switched it on.
RTOL_GPU = 2e-3

CPU = {"cpu"}

# --- what to observe ---------------------------------------------------------------------------------

# With large inputs the gradient's norm is 20 and more: beyond what people clip it to.
task = {"parameters": {"0.weight": normal(HIDDEN, N_IN, std=0.01), "0.bias": normal(HIDDEN, std=0.1),
                       "2.weight": normal(CLASSES, HIDDEN, std=3.0), "2.bias": normal(CLASSES, std=0.1)},
        "x": normal(2, BATCH, N_IN, std=30.0), "scores": normal(2, BATCH, CLASSES), "lr": 2e-4}
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
step_two = Probe("two_steps", uses="train_step", world=TWO_GPUS, device=On("cuda:1"), **task)
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


@check(looks_at=(report_one, facts_one, report_cpu_build, report_no_driver), points=2, may_raise=True,
       read="torch.cuda.get_device_name",
       hint="Everything in the report can be asked of torch.cuda and torch.version.")
def report_one_gpu(report: Seen, facts: Seen, *without: Seen) -> None:
    """With one GPU the report says so, with the GPU's name."""
    expect_report(report, report.gpus or (), facts.mapping().text("built_for_cuda"), "one GPU", without)


@check(looks_at=(report_two, facts_two, report_cpu_build, report_no_driver), points=1, may_raise=True,
       visible=False, read="torch.cuda.get_device_name",
       hint="How many GPUs are there, and which of them is asked for its name?")
def report_many_gpus(report: Seen, facts: Seen, *without: Seen) -> None:
    """With several GPUs the report counts and names each of them, in order."""
    expect_report(report, report.gpus or (), facts.mapping().text("built_for_cuda"), "two GPUs", without)


# --- the promises: the device --------------------------------------------------------------------------


@check(looks_at=(pick_cpu_build, pick_one, pick_two, pick_no_driver, pick_habits), points=3, may_raise=True,
       read=READ, hint="A torch.device: CUDA where a GPU is available, the CPU where not.")
def pick_device(cpu_build: Seen, one: Seen, two: Seen, no_driver: Seen, habits: Seen) -> None:
    """`pick_device` returns a torch.device: CUDA where there is a GPU, the CPU where there is none."""
    for seen in (cpu_build, one, two):
        if seen.raised:
            fail_as_raised(seen, GPU_NAMED if "device type at start of device string" in seen.raised.message
                           else None)
    worlds = [(cpu_build, "no CUDA", 0), (one, "one GPU", 1), (two, "two GPUs", 2)]
    if not no_driver.raised:   # else it is `never_asks_blindly` that says so
        worlds.append((no_driver, "a build for CUDA, but no driver", 0))
    else:
        cpu_build.follows("never-asks-blindly")
    for seen, world, gpus in worlds:
        seen.measure(f"device, with {world}", described_device(seen.value), "cuda" if gpus else "cpu")
    picked = [place(seen.value) for seen, _, _ in worlds]
    for (kind, index), (_, world, gpus) in zip(picked, worlds, strict=True):
        if kind != ("cuda" if gpus else "cpu"):
            fail(f"With {world}, the device is `{kind}`; expected `{'cuda' if gpus else 'cpu'}`.",
                 mispicked([kind for kind, _ in picked], habits))
        if kind == "cuda" and index >= gpus:
            fail(f"With {world}, the device is `cuda:{index}`, which does not exist; expected `cuda`.",
                 SECOND_GPU if index == 1 and picked[2] == ("cuda", 1) else None)


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


@check(looks_at=(step_cpu_build, step_two), points=3, may_raise=True, read="torch.optim.Optimizer.zero_grad",
       hint="zero_grad, forward, loss, backward, step: which of them is missing, or in another place?")
def learns(cpu: Seen, gpu: Seen) -> None:
    """Two steps in a row move the parameters exactly as PyTorch's own training loop does."""
    for seen, where in made(cpu, gpu):
        got, want = learned(seen), trained(seen).parameters
        if close_to(got, want, RTOL):
            continue
        start = seen.given["parameters"]
        moved, right = (float(sum((end[name] - start[name]).square().sum() for name in start) ** 0.5)
                        for end in (got, want))
        seen.measure("length of the parameters' way over two steps", f"{moved:.6g}", f"{right:.6g}")
        fail(f"Over two steps{where} the parameters move by {moved:.4g}; expected {right:.4g}, and in the "
             "same direction.", the_one((mistake, close_to(got, other.parameters, RTOL))
                                   for mistake, other in mistaken(seen)))


def made(cpu: Seen, gpu: Seen) -> list[tuple[Seen, str]]:
    """The two steps on the CPU and on the second GPU, as far as they came to an end: what else is wrong is
    told elsewhere. Fails where neither did."""
    found = [(seen, where) for seen, where in ((cpu, ""), (gpu, " on a GPU")) if not seen.raised]
    if not found:
        error = cpu.raised
        fail_as_raised(cpu, NO_DEVICE if error and "has no attribute 'device'" in error.message else None)
    if len(found) < 2:
        cpu.follows("model-on-device", "batch-on-device", "never-asks-blindly")
    return found


@check(looks_at=(step_cpu_build, step_two), points=1, may_raise=True, read="torch.Tensor.item",
       hint="A plain Python number, the loss of the batch before the parameters were moved.")
def loss_is_float(cpu: Seen, gpu: Seen) -> None:
    """`train_step` returns the batch's loss as a Python float."""
    cpu.follows("learns")
    seen, where = made(cpu, gpu)[0]
    losses = seen.mapping().items("losses")
    for loss in losses:
        if not isinstance(loss, float):
            fail(f"`train_step` returned {described(loss)}, not a float.",
                 LOSS_TENSOR if isinstance(loss, torch.Tensor) else None)
    right = trained(seen)
    known = [right] if close_to(learned(seen), right.parameters, RTOL) else [
        other for _, other in mistaken(seen) if close_to(learned(seen), other.parameters, RTOL)]
    if len(losses) != len(right.losses):
        fail("`train_step` did not return once for each step.")
    # after a first step that was none of these, nothing is known of the second loss
    want = known[0].losses if known else right.losses[:1]
    for i, (got, loss) in enumerate(zip(losses, want, strict=False)):
        seen.measure(f"loss of batch {i + 1}", f"{got:.6g}", f"{loss:.6g}")
        if not abs(got - loss) <= RTOL_LOSS * abs(loss):
            fail(f"`train_step` returned {got:.6g} for batch {i + 1}{where}; expected {loss:.6g}.", the_one([
                (LOSS_AFTERWARDS, abs(got - right.afterwards[i]) <= RTOL_LOSS * abs(right.afterwards[i])),
                (LOSS_KEPT, i == 1 and got == losses[0])]))


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
                if "has no attribute 'device'" in one.raised.message:
                    found = NO_DEVICE
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
