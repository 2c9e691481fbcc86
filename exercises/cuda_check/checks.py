"""What a report on CUDA, the choice of a device and a training step must do, with and without GPUs.

`no-cuda` is a build of PyTorch without CUDA; `one-gpu` and `two-gpus` are simulated, with GPUs whose names
are drawn from the batch's seed; `cuda` is this machine's own GPU. A build for CUDA on a machine without a
driver is played within `no-cuda`: there, PyTorch raises RuntimeError where the build without CUDA raises
AssertionError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    described,
    fail,
    fail_as_raised,
    normal,
    number,
    same,
)

REPORT, PICK, STEP = ("cuda_report",), ("pick_device",), ("train_step",)
BATCH, N_IN, HIDDEN, CLASSES = 16, 5, 8, 3

# Two steps of a small net in float32, on the CPU: rounding is about 1e-7, an error of the order of 1e-2.
RTOL = 1e-5
# A GPU adds up in another order; nothing here reaches TF32's 1e-3, should someone have switched it on.
RTOL_GPU = 2e-3

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
facts_one = Probe("world_facts", uses=REPORT, world=ONE_GPU)
facts_two = Probe("world_facts", uses=REPORT, world=TWO_GPUS)

pick_cpu_build = Call("pick_device", world=NO_CUDA)
pick_no_driver = Call("pick_device", world=NO_DRIVER)
pick_one = Call("pick_device", world=ONE_GPU)
pick_two = Call("pick_device", world=TWO_GPUS)
pick_habits = Probe("habits", uses=PICK, world=NO_CUDA, function="pick_device")

step_cpu_build = Probe("two_steps", uses=STEP, world=NO_CUDA, device=On("cpu"), **task)
step_no_driver = Probe("two_steps", uses=STEP, world=NO_DRIVER, device=On("cpu"), **task)
where_one = Probe("where", uses=STEP, world=ONE_GPU, device=On("cuda"), **batch)
where_two = Probe("where", uses=STEP, world=TWO_GPUS, device=On("cuda:1"), **batch)
step_habits = Probe("habits", uses=STEP, world=NO_CUDA, function="train_step")

report_real = Call("cuda_report", world=REAL_CUDA)
facts_real = Probe("world_facts", uses=REPORT, world=REAL_CUDA)
pick_real = Call("pick_device", world=REAL_CUDA)
where_real = Probe("where", uses=STEP, world=REAL_CUDA, device=On("cuda"), **batch)
step_real = Probe("two_steps", uses=STEP, world=REAL_CUDA, device=On("cuda"), **task)

# --- what people get wrong -----------------------------------------------------------------------------

READ = "PyTorch documentation, CUDA semantics: device-agnostic code"

PARENTHESES = Diagnosis("missing-parentheses", "A function was asked for, but not called.",
                        "`torch.cuda.is_available` without parentheses is the function itself, and that "
                        "counts as true everywhere.", READ, pattern=r"is_available(?!\()")
UNGUARDED = Diagnosis("unguarded-cuda-call", "CUDA was asked for details before it was known to be there.",
                      "`get_device_name`, `current_device` and `get_device_properties` raise without CUDA: "
                      "ask `torch.cuda.is_available()` first.", READ)
ONE_BUILD = Diagnosis("one-build-only", "The exception is caught that one build of PyTorch raises, not the "
                      "other's.",
                      "A build without CUDA raises AssertionError, one for CUDA without a driver "
                      "RuntimeError. Catch both, or ask `is_available()` first.", READ)
BUILT_FOR = Diagnosis("built-for-available", "Built for CUDA was taken for CUDA being available.",
                      "`torch.version.cuda` and `is_built()` describe the installation; "
                      "`torch.cuda.is_available()` asks whether there is a GPU that it can use.", READ,
                      pattern=r"is_built|version\.cuda|has_cuda")
NONE_AS_TEXT = Diagnosis("none-as-text", "This is the text 'None', not None.",
                         "Leave `torch.version.cuda` as it is.", pattern=r"""str\(|f["\']""")
FIRST_NAME = Diagnosis("first-name-only", "Only the first GPU's name is there.",
                       "Ask `get_device_name(i)` for each i below `device_count()`.")
SAME_NAME = Diagnosis("same-name-repeated", "The first GPU's name is there once for each GPU.",
                      "Without an argument `get_device_name()` speaks of the current GPU: pass the index.")
STRING = Diagnosis("string-not-device", "This is a string, not a torch.device.",
                   "`torch.device(\"cuda\")` makes one.", "torch.device")
ALWAYS_CUDA = Diagnosis("always-cuda", "CUDA is picked whether there is a GPU or not.",
                        "Let `torch.cuda.is_available()` decide, and mind its parentheses.", READ,
                        pattern=r"""["']cuda""")
ALWAYS_CPU = Diagnosis("always-cpu", "The CPU is picked although there is a GPU.",
                       "Print what your condition is: it is never true.", READ)
SECOND_GPU = Diagnosis("second-gpu-hard-coded", "`cuda:1` is the *second* GPU, and there may be only one.",
                       "GPUs are counted from 0; `cuda` without a number is the current one.", "torch.device",
                       pattern="cuda:1")
HARD_CODED = Diagnosis("cuda-hard-coded", "The data goes to the current GPU, whatever `device` says.",
                       "Use `.to(device)` instead of `.cuda()` or `.to(\"cuda\")`.", READ,
                       pattern=r"""\.cuda\(|["']cuda""")
DEVICE_STRING = Diagnosis("device-compared-with-string",
                          "A device was compared with a string, and nothing was moved.",
                          "`torch.device(\"cuda\") == \"cuda\"` is False. Compare `device.type`, or better: "
                          "just call `.to(device)`, which does nothing where there is nothing to do.",
                          "torch.device", pattern="[=!]=")
MODEL_LEFT = Diagnosis("model-not-moved", "The batch was moved, the model was not.",
                       "`model.to(device)` moves a module in place.", "torch.nn.Module.to")
BUFFERS_LEFT = Diagnosis("buffers-not-moved", "The parameters were moved one by one, and the buffers stayed "
                         "behind.",
                         "`model.to(device)` moves both; BatchNorm's running statistics are buffers.",
                         "torch.nn.Module.to")
DATA_LEFT = Diagnosis("data-not-moved", "The model was moved, the batch was not.",
                      "`Tensor.to` returns a new tensor and leaves the old one where it is: "
                      "`inputs = inputs.to(device)`.", "torch.Tensor.to")
TARGETS_LEFT = Diagnosis("targets-not-moved", "The inputs were moved, the targets were not.",
                         "The loss needs both on one device.", "torch.Tensor.to")
NOT_CLEARED = Diagnosis("gradients-not-cleared", "The second step used the gradients of both batches.",
                        "Call `optimizer.zero_grad()` in every step.", "torch.optim.Optimizer.zero_grad")
NO_UPDATE = Diagnosis("no-update", "The parameters are what they were.",
                      "The order is `loss.backward()`, then `optimizer.step()`, with no `zero_grad()` "
                      "between them.", "torch.optim.Optimizer.step")
STEP_FIRST = Diagnosis("step-before-backward", "The second step applied the first batch's gradients.",
                       "Call `optimizer.step()` after `loss.backward()`.", "torch.optim.Optimizer.step")
STEPPED_TWICE = Diagnosis("stepped-twice", "Each batch moved the parameters twice.",
                          "Call `optimizer.step()` once.")
LOSS_TENSOR = Diagnosis("loss-tensor", "The loss is a tensor, not a float.",
                        "`loss.item()` gives the number. A tensor kept in a list keeps its graph, and its "
                        "place on the GPU, alive.", "torch.Tensor.item")


# --- the promises: the report --------------------------------------------------------------------------


@check(looks_at=(report_cpu_build, report_no_driver), points=3, may_raise=True, read=READ,
       hint="Without CUDA, `is_available()` and `device_count()` answer; most other questions raise.")
def report_without_cuda(cpu_build: Seen, no_driver: Seen) -> None:
    """Without CUDA the report says so: not available, no GPUs, no names, and what PyTorch was built for."""
    raised = [seen for seen in (cpu_build, no_driver) if seen.raised]
    if raised:
        fail_as_raised(raised[0], blind(cpu_build, no_driver))
    expect_report(cpu_build, (), None, "a build without CUDA")
    expect_report(no_driver, (), "13.0", "a build for CUDA, but no driver")


@check(looks_at=(report_one, facts_one), points=2, read="torch.cuda.get_device_name",
       hint="Everything in the report can be asked of torch.cuda and torch.version.")
def report_one_gpu(report: Seen, facts: Seen) -> None:
    """With one GPU the report says so, with the GPU's name."""
    expect_report(report, report.gpus or (), fact(facts), "one GPU")


@check(looks_at=(report_two, facts_two), points=1, visible=False, read="torch.cuda.get_device_name",
       hint="How many GPUs are there, and which of them is asked for its name?")
def report_many_gpus(report: Seen, facts: Seen) -> None:
    """With several GPUs the report counts and names each of them, in order."""
    expect_report(report, report.gpus or (), fact(facts), "two GPUs")


def fact(facts: Seen) -> str:
    """The CUDA version that torch names in the report's own world."""
    value = facts.value
    found = value.get("built_for_cuda") if isinstance(value, dict) else None
    if not isinstance(found, str):
        fail("What torch says of its CUDA version cannot be read.")
    return found


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
    """The misconception that an entry of the report shows, if just one."""
    names = want["names"]
    if isinstance(got, Strange):
        return PARENTHESES if key in ("available", "count") and got.kind in FUNCTIONS else None
    if key == "available" and got is True and want["built_for_cuda"]:
        return BUILT_FOR
    if key == "names" and len(names) > 1 and isinstance(got, list | tuple):
        return FIRST_NAME if agrees(got, names[:1]) else SAME_NAME if agrees(got,
                                                                             names[:1] * len(names)) else None
    return NONE_AS_TEXT if key == "built_for_cuda" and agrees(got, "None") else None


FUNCTIONS = ("function", "builtin_function_or_method", "method")


def blind(cpu_build: Seen, no_driver: Seen) -> Diagnosis | None:
    """What a function that raised without CUDA shows."""
    errors = [seen.raised for seen in (cpu_build, no_driver) if seen.raised]
    if not all(any(word in error.message for word in ("CUDA", "NVIDIA", "_cuda_")) for error in errors):
        return None
    return UNGUARDED if len(errors) == 2 else ONE_BUILD


# --- the promises: the device --------------------------------------------------------------------------


@check(looks_at=(pick_cpu_build, pick_one, pick_two, pick_habits), points=3, read=READ,
       hint="A torch.device: CUDA where a GPU is available, the CPU where not.")
def pick_device(cpu_build: Seen, one: Seen, two: Seen, habits: Seen) -> None:
    """`pick_device` returns a torch.device: CUDA where there is a GPU, the CPU where there is none."""
    for seen, world, right in ((cpu_build, "no CUDA", "cpu"), (one, "one GPU", "cuda"),
                               (two, "two GPUs", "cuda")):
        seen.measure(f"device, with {world}", described_device(seen.value), right)
    picked = [place(seen.value) for seen in (cpu_build, one, two)]
    for (kind, index), world, gpus in zip(picked, ("no CUDA", "one GPU", "two GPUs"), (0, 1, 2), strict=True):
        if kind == ("cuda" if gpus else "cpu") and (not gpus or index < gpus):
            continue
        if not gpus:
            uncalled = "is_available" in habit(habits, "uncalled")
            fail(f"With {world}, the device is `{kind}`; expected `cpu`.",
                 (PARENTHESES if uncalled else ALWAYS_CUDA) if all(k == "cuda" for k, _ in picked) else None)
        if kind == "cuda":
            fail(f"With {world}, the device is `cuda:{index}`, which does not exist.",
                 SECOND_GPU if index == 1 and picked[2] == ("cuda", 1) else None)
        fail(f"With {world}, the device is `{kind}`; expected `cuda`.",
             ALWAYS_CPU if all(k == "cpu" for k, _ in picked) else None)


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


def habit(seen: Seen, kind: str) -> list[str]:
    """Strings that tell how a function is written: a hint which of two misconceptions it is, never a reason
    to fail."""
    value = seen.value
    found = value.get(kind) if isinstance(value, dict) else None
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []


# --- the promises: the training step -------------------------------------------------------------------


@check(looks_at=(where_one, where_two, step_habits), points=2, may_raise=True, read="torch.nn.Module.to",
       hint="Move the model to the device that was passed in.")
def model_on_device(one: Seen, two: Seen, habits: Seen) -> None:
    """After the step, all of the model's parameters and buffers are on `device`."""
    for seen, device, world in placed(one, two):
        parameters, buffers, used = devices(seen, "parameters"), devices(seen, "buffers"), devices(seen,
                                                                                                   "inputs")
        seen.measure(f"parameters, asked for {device}", ", ".join(sorted(set(parameters))), device)
        if set(parameters) != {device}:
            known = {
                MODEL_LEFT: set(parameters) == {"cpu"} and set(used) == {device},
                DEVICE_STRING: set(parameters) == {"cpu"} == set(used) and compared(habits),
                HARD_CODED: device == "cuda:1" and set(parameters) == {"cuda:0"},
            }
            fail(f"With {world} and `device` {device}, the parameters are on {told(parameters)} after the "
                 "step.", only(known))
        if set(buffers) != {device}:
            fail(f"The parameters are on {device}, the buffers on {told(buffers)}.",
                 BUFFERS_LEFT if set(buffers) == {"cpu"} else None)


@check(looks_at=(where_one, where_two, step_habits), points=2, may_raise=True, read="torch.Tensor.to",
       hint="Inputs and targets: both, to the device that was passed in. Does Tensor.to work in place?")
def batch_on_device(one: Seen, two: Seen, habits: Seen) -> None:
    """The model is given its inputs, and the loss its targets, on `device`."""
    for seen, device, world in placed(one, two):
        parameters, inputs, targets = (devices(seen, key) for key in ("parameters", "inputs", "targets"))
        if not inputs or not targets:
            fail("The step does not call " + ("the model." if not inputs else "the loss function."))
        seen.measure(f"inputs and targets, asked for {device}", f"{told(inputs)} and {told(targets)}", device)
        if set(inputs) == set(targets) == {device}:
            continue
        moved = set(parameters) == {device}
        known = {
            DATA_LEFT: moved and set(inputs) == set(targets) == {"cpu"},
            TARGETS_LEFT: set(inputs) == {device} and set(targets) == {"cpu"},
            DEVICE_STRING: set(inputs) == set(targets) == set(parameters) == {"cpu"} and compared(habits),
            HARD_CODED: device == "cuda:1" and set(inputs) == set(targets) == {"cuda:0"},
        }
        fail(f"With {world} and `device` {device}, the model's inputs are on {told(inputs)} and the targets "
             "on " f"{told(targets)}.", only(known))


def placed(one: Seen, two: Seen) -> list[tuple[Seen, str, str]]:
    """(step, the device asked for, the world); a step that raised fails."""
    for seen in (one, two):
        if seen.raised:
            no_such_gpu = seen is one and "invalid device ordinal" in seen.raised.message
            fail_as_raised(seen, SECOND_GPU if no_such_gpu else None)
    return [(one, "cuda:0", "one GPU"), (two, "cuda:1", "two GPUs")]


def devices(seen: Seen, key: str) -> list[str]:
    """The devices that a probe wrote down."""
    value = seen.value
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list) or not all(isinstance(device, str) for device in found):
        fail("What came back from the experiment cannot be read.")
    return found


def told(found: Sequence[str]) -> str:
    return " and ".join(f"`{device}`" for device in sorted(set(found))[:3]) or "no device"


def compared(habits: Seen) -> bool:
    """`train_step` compares something with a device's name."""
    return not habits.raised and any(word.startswith(("cuda", "cpu")) for word in habit(habits, "compared"))


def only(known: dict[Diagnosis, bool]) -> Diagnosis | None:
    """The one that holds; None where none or several do."""
    holding = [diagnosis for diagnosis, holds in known.items() if holds]
    return holding[0] if len(holding) == 1 else None


@check(looks_at=step_cpu_build, points=3, read="torch.optim.Optimizer.zero_grad",
       hint="zero_grad, forward, loss, backward, step: which of them is missing, or in another place?")
def learns(seen: Seen) -> None:
    """Two steps in a row move the parameters exactly as PyTorch's own training loop does."""
    got = learned(seen)
    want, _ = training(seen, RIGHT_ORDER)
    if close_to(got, want, RTOL):
        return
    fitting = [d for d, order in WRONG_ORDERS.items() if close_to(got, training(seen, order)[0], RTOL)]
    start = seen.given["parameters"]
    moved = float(sum((got[n] - start[n]).square().sum() for n in start) ** 0.5)
    right = float(sum((want[n] - start[n]).square().sum() for n in start) ** 0.5)
    seen.measure("length of the parameters' way over two steps", f"{moved:.6g}", f"{right:.6g}")
    fail(f"After two steps the parameters are not where they should be: they moved by {moved:.4g}, a right "
         "loop moves " f"them by {right:.4g}.", fitting[0] if len(fitting) == 1 else None)


RIGHT_ORDER = ("zero", "forward", "backward", "step")
WRONG_ORDERS = {
    NOT_CLEARED: ("forward", "backward", "step"),
    NO_UPDATE: ("zero", "forward", "backward"),
    STEP_FIRST: ("step", "zero", "forward", "backward"),
    STEPPED_TWICE: ("zero", "forward", "backward", "step", "step"),
}


def training(seen: Seen, order: Sequence[str]) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Parameters after the two batches, and the losses, where each step does these things in this order."""
    p = {name: value.clone().requires_grad_() for name, value in seen.given["parameters"].items()}
    optimizer = torch.optim.SGD(p.values(), lr=0.1, momentum=0.9)
    losses: list[torch.Tensor] = []
    for x, targets in zip(seen.given["x"], seen.given["scores"].argmax(-1), strict=True):
        for what in order:
            if what == "forward":
                hidden = torch.tanh(x @ p["0.weight"].mT + p["0.bias"])
                output = hidden @ p["2.weight"].mT + p["2.bias"]
                losses.append(torch.nn.functional.cross_entropy(output, targets))
            elif what == "backward":
                losses[-1].backward()  # type: ignore[no-untyped-call]
            elif what == "step":
                optimizer.step()
            else:
                optimizer.zero_grad()
    return {name: value.detach() for name, value in p.items()}, [float(loss.detach()) for loss in losses]


def learned(seen: Seen) -> dict[str, torch.Tensor]:
    """The parameters after the student's steps."""
    value = seen.value
    found = value.get("parameters") if isinstance(value, dict) else None
    start = seen.given["parameters"]
    if not isinstance(found, dict) or not all(
            isinstance(found.get(n), torch.Tensor) and found[n].shape == p.shape for n, p in start.items()):
        fail("The parameters after the steps cannot be read, or have other shapes.")
    return {name: found[name].double() for name in start}


def close_to(got: dict[str, torch.Tensor], want: dict[str, torch.Tensor], rtol: float) -> bool:
    return all(same(got[name], want[name], rtol) for name in want)


@check(looks_at=step_cpu_build, points=1, read="torch.Tensor.item",
       hint="A plain Python number, the loss of the batch before the parameters were moved.")
def loss_is_float(seen: Seen) -> None:
    """`train_step` returns the batch's loss as a Python float."""
    value = seen.value
    losses = value.get("losses") if isinstance(value, dict) else None
    if not isinstance(losses, list) or not losses:
        fail("What came back from the experiment cannot be read.")
    for loss in losses:
        if isinstance(loss, torch.Tensor):
            fail(f"`train_step` returned {described(loss)}, not a float.", LOSS_TENSOR)
        if not isinstance(loss, float):
            fail(f"`train_step` returned {described(loss)}, not a float.")
    got, want = number(losses[0], "The loss"), training(seen, RIGHT_ORDER)[1][0]
    seen.measure("loss of the first batch", f"{got:.6g}", f"{want:.6g}")
    if not abs(got - want) <= RTOL * abs(want):
        fail(f"The first batch's loss is {want:.6g}; `train_step` returned {got:.6g}.")


@check(looks_at=(report_cpu_build, report_no_driver, pick_cpu_build, pick_no_driver, step_cpu_build,
                 step_no_driver),
       points=2, may_raise=True, visible=False, read=READ,
       hint="Run all three functions on a machine without CUDA. Ask first, or catch what either build raises.")
def never_asks_blindly(*seen: Seen) -> None:
    """Where CUDA is absent, none of the three functions makes a CUDA call that raises."""
    for cpu_build, no_driver in (seen[0:2], seen[2:4], seen[4:6]):
        raised = [one for one in (cpu_build, no_driver) if one.raised]
        if raised:
            found = blind(cpu_build, no_driver)
            training_step = cpu_build.step is step_cpu_build
            fail_as_raised(raised[0], HARD_CODED if found is UNGUARDED and training_step else found)


@check(looks_at=(report_real, facts_real, pick_real, where_real, step_real), points=1, read=READ,
       hint="On a real GPU: the report, the device and the training step.")
def real_cuda(report: Seen, facts: Seen, picked: Seen, where: Seen, step: Seen) -> None:
    """On a real GPU the report is true, the device is CUDA, and the step learns there as on the CPU."""
    value = facts.value
    names = value.get("names") if isinstance(value, dict) else None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        fail("What torch says of this machine's GPUs cannot be read.")
    expect_report(report, names, fact(facts), "this machine's GPU")
    kind, index = place(picked.value)
    if kind != "cuda" or not index < len(names):
        fail(f"On a machine with a GPU the device is `{described_device(picked.value)}`.")
    for key in ("parameters", "buffers", "inputs", "targets"):
        if set(devices(where, key)) != {"cuda:0"}:
            fail(f"On a real GPU, the {key} are on {told(devices(where, key))}.")
    if not close_to(learned(step), training(step, RIGHT_ORDER)[0], RTOL_GPU):
        fail("On a real GPU, two steps do not move the parameters as they do on the CPU.")
