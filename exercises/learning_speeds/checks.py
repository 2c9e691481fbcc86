"""How fast each layer of a net learns, measured as update over weight, and by which factor from layer to
layer."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch

from grader.spec import (
    Diagnosis,
    Probe,
    Seen,
    alike,
    check,
    close,
    described,
    expect_number,
    fail,
    normal,
    number,
    same,
    the_one,
    uniform,
)

from .misconceptions import (
    LEFT_OUT,
    NO_COPY,
    NO_STEP,
    OTHERS_TOO,
    PARAMETER_NAMES,
    POSITIONS,
    TOP_LEVEL,
    TWO_STEPS,
    UNDONE,
    mistaken_factors,
    mistaken_ratios,
    update_ratio,
)

NIELSEN = "Nielsen, Neural Networks and Deep Learning, ch. 5"
LR = 0.1
# float64: a weight and its update differ by a factor of 20 or so, hence errors of 1e-14; what misconceptions
# give lies per cents apart
RTOL = 1e-6
NESTED_NAMES = ["first", "block.0", "block.2", "head"]      # of the linear layers, in the probe `nested`
OTHER_NAMES = {"", "words", "norm", "block", "block.1"}     # of its other modules

# --- what is observed ------------------------------------------------------------------------------------


def net(*widths: int) -> dict[str, Any]:
    """Weights, biases and their gradients, to be drawn, of layers of these widths."""
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(widths)]
    return {"weights": [normal(*shape, std=0.5, dtype="float64") for shape in shapes],
            "biases": [normal(n_out, std=0.7, dtype="float64") for n_out, _ in shapes],
            "weight_gradients": [normal(*shape, std=0.3, dtype="float64") for shape in shapes],
            "bias_gradients": [normal(n_out, std=0.4, dtype="float64") for n_out, _ in shapes], "lr": LR}


in_a_chain = Probe("flat", uses=("update_ratios",), **net(9, 12, 7, 10, 4))
in_blocks = Probe("nested", uses=("update_ratios",), **net(5, 8, 6, 8, 3))
with_frozen = Probe("flat", uses=("update_ratios",), **net(6, 8, 5, 3), frozen=[1])

# The first is not the smallest, the last not the largest, and as text "10" comes before "2".
seven_layers = Probe("factor", uses=("factor_per_layer",), noise=uniform(7, bound=0.2, dtype="float64"),
                     about=torch.tensor([-7.1, -7.9, -5.2, -3.8, -4.4, -1.6, -2.3], dtype=torch.float64))

# --- what is promised ------------------------------------------------------------------------------------


def dictionary(seen: Seen) -> dict[Any, Any]:
    """What update_ratios returned; anything but a dictionary fails."""
    value = seen.mapping()["ratios"]
    if not isinstance(value, dict):
        fail(f"`update_ratios` gives {described(value)}, not a dictionary.")
    return value


def ratios_of(seen: Seen, *names: str) -> list[float]:
    """The numbers of the layers with these names."""
    value = dictionary(seen)
    for name in names:
        if name not in value:
            fail(f"The dictionary has no entry {name!r}.")
    return [number(value[name], f"The ratio of layer {name!r}") for name in names]


def unmoved(seen: Seen) -> Diagnosis | None:
    """Why all ratios are 0, if it can be said."""
    return {0: NO_STEP, 1: NO_COPY}.get(seen.mapping().whole("calls"))


@check(looks_at=in_blocks, points=2, hint="What does model.named_modules() give? Which of the modules are "
       "nn.Linear?")
def layers(seen: Seen) -> None:
    """The keys of `update_ratios`' dictionary are the names of all `nn.Linear` layers, those within blocks
    too."""
    keys = list(dictionary(seen))
    found, names = set(keys), set(NESTED_NAMES)
    if found == names:
        return
    parameters = {f"{name}.weight" for name in names} <= found
    fail(f"The keys are {described(keys)}; expected {described(NESTED_NAMES)}, in any order.", the_one([
        (PARAMETER_NAMES, parameters and all(isinstance(key, str) and "." in key for key in keys)),
        (TOP_LEVEL, found == {"first", "head"}),
        (POSITIONS, found == set(range(len(names)))),
        (OTHERS_TOO, names < found and found - names <= OTHER_NAMES)]))


@check(looks_at=in_a_chain, points=3, after=layers, read=NIELSEN,
       hint="Copy each weight, make the step, then compare: the norm of the difference over the norm of the "
       "copy.")
def ratios(seen: Seen) -> None:
    """Each ratio is the norm of the layer's weight update over the norm of its weight before the step."""
    names = ["0", "2", "4", "6"]
    got = ratios_of(seen, *names)
    want = [update_ratio(weight, gradient, LR)
            for weight, gradient in zip(seen.given["weights"], seen.given["weight_gradients"], strict=True)]
    for name, measured, expected in zip(names, got, want, strict=True):
        seen.measure(f"||update|| / ||weight|| of layer {name!r}", f"{measured:.5g}", f"{expected:.5g}")
    if alike(got, want, RTOL):
        return
    off = next(i for i in range(len(want)) if not close(got[i], want[i], RTOL))
    message = f"The ratio of layer {names[off]!r} is {got[off]:.6g}; expected {want[off]:.6g}."
    if not any(got):
        fail(message, unmoved(seen))
    fail(message, the_one((mistake, alike(got, wrong, RTOL))
                          for mistake, wrong in mistaken_ratios(**seen.given).items()))


@check(looks_at=in_a_chain, points=2,
       hint="How often is optimizer_step() called? Are the new weights still there at the end?")
def one_step(seen: Seen) -> None:
    """`update_ratios` makes just one step, and leaves the weights as that step does."""
    calls = seen.mapping().whole("calls")
    if calls != 1:
        fail(f"`optimizer_step` was called {calls} times; expected 1.", {0: NO_STEP, 2: TWO_STEPS}.get(calls))
    before, gradients = seen.given["weights"], seen.given["weight_gradients"]
    after = seen.mapping().tensors("weights", [weight.shape for weight in before], "Weight")
    if all(same(w, b, 1e-12) for w, b in zip(after, before, strict=True)):
        fail("After the call the weights are what they were before the step.", UNDONE)
    # the same subtraction in float64
    if not all(same(w, b - LR * g, 1e-9) for w, b, g in zip(after, before, gradients, strict=True)):
        fail("After the call the weights are not what one step makes of them.")


@check(looks_at=with_frozen, points=1, after=layers, visible=False,
       hint="What is weight.grad of a layer that is frozen? What is its update?")
def frozen_layer(seen: Seen) -> None:
    """A layer that the step does not change has the ratio 0."""
    names = dictionary(seen).keys()
    if "2" not in names and {"0", "4"} <= names:
        fail("The second layer is frozen. It has no entry in the dictionary; expected 0.", LEFT_OUT)
    first, frozen, last = ratios_of(seen, "0", "2", "4")
    if not abs(frozen) <= 1e-6:  # a copy in float32 is off by 3e-8
        fail(f"The ratio of the frozen layer '2' is {frozen:.6g}; expected 0.")
    if first == last == 0.0:
        fail("All ratios are 0, those of the layers that were changed too.", unmoved(seen))
    if not (first > 0.0 and last > 0.0):
        fail(f"The layers '0' and '4' were changed, and their ratios are {first:.6g} and {last:.6g}.")


@check(looks_at=seven_layers, points=2,
       hint="If each of n layers is f times as fast as the one before it, how much faster is the last?")
def factor(seen: Seen) -> None:
    """`factor_per_layer` gives the factor from one layer to the next, as geometric mean from the first to the
    last."""
    logs = (seen.given["about"] + seen.given["noise"]).tolist()
    expect_number(seen.value, math.exp((logs[-1] - logs[0]) / (len(logs) - 1)), rtol=RTOL,
                  what="`factor_per_layer(ratios)`", otherwise=mistaken_factors(logs))
