"""Specification of `learning_speeds`: how fast each layer of a net learns, measured as update over weight."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from grader.spec import (
    Diagnosis,
    Probe,
    Seen,
    alike,
    check,
    described,
    expect_number,
    fail,
    normal,
    number,
    same,
    uniform,
)

NIELSEN = "Nielsen, Neural Networks and Deep Learning, ch. 5"
LR = 0.1

# --- the layers ----------------------------------------------------------------------------------------

PARAMETER_NAMES = Diagnosis("parameter-names", "The keys are names of parameters, not of layers.",
                            'The layer whose weight is called "block.0.weight" is called "block.0".')
TOP_LEVEL = Diagnosis("top-level-only", "Layers within a block are missing.",
                      "named_children() goes one level deep; named_modules() finds all layers.")
POSITIONS = Diagnosis("positions-for-names", "The keys are positions, not names.",
                      "named_modules() gives pairs of name and module.")
OTHERS_TOO = Diagnosis("other-layers-too", "Modules that are no linear layers are in the dictionary too.",
                       "isinstance(module, nn.Linear) picks the linear layers.")

NESTED_NAMES = ["first", "block.0", "block.2", "head"]
OTHER_NAMES = {"", "words", "norm", "block", "block.1"}


def net(*widths: int) -> dict[str, Any]:
    """Inputs of a probe: weights, biases and their gradients for layers of these widths, in float64."""
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return {"weights": [normal(o, i, std=0.5, dtype="float64") for o, i in pairs],
            "biases": [normal(o, std=0.7, dtype="float64") for o, _ in pairs],
            "weight_gradients": [normal(o, i, std=0.3, dtype="float64") for o, i in pairs],
            "bias_gradients": [normal(o, std=0.4, dtype="float64") for o, _ in pairs], "lr": LR}


in_a_chain = Probe("flat", uses=("update_ratios",), **net(9, 12, 7, 10, 4))
in_blocks = Probe("nested", uses=("update_ratios",), **net(5, 8, 6, 8, 3))
with_frozen = Probe("flat", uses=("update_ratios",), **net(6, 8, 5, 3), frozen=[1])


def dictionary(seen: Seen) -> dict[Any, Any]:
    """What update_ratios returned; anything but a dictionary fails."""
    value = seen.value.get("ratios") if isinstance(seen.value, dict) else None
    if not isinstance(value, dict):
        fail(f"`update_ratios` gives {described(value)}, not a dictionary.")
    return value


def ratios_of(seen: Seen, names: Sequence[str]) -> list[float]:
    """The numbers of the layers with these names."""
    value = dictionary(seen)
    for name in names:
        if name not in value:
            fail(f"The dictionary has no entry {name!r}.")
    return [number(value[name], f"The ratio of layer {name!r}") for name in names]


@check(looks_at=in_blocks, points=2, hint="What does model.named_modules() give? Which of the modules are "
       "nn.Linear?")
def layers(seen: Seen) -> None:
    """The keys of `update_ratios`' dictionary are the names of all `nn.Linear` layers, those within blocks
    too."""
    keys, names = list(dictionary(seen)), set(NESTED_NAMES)
    found = set(keys)
    if found == names:
        return
    diagnosis = None
    if {f"{n}.weight" for n in names} <= found and all(isinstance(k, str) and "." in k for k in keys):
        diagnosis = PARAMETER_NAMES
    elif found == {"first", "head"}:
        diagnosis = TOP_LEVEL
    elif found == set(range(len(names))):
        diagnosis = POSITIONS
    elif names < found and found - names <= OTHER_NAMES:
        diagnosis = OTHERS_TOO
    fail(f"The keys are {described(keys)}; expected {described(NESTED_NAMES)}, in any order.", diagnosis)


# --- the ratios ----------------------------------------------------------------------------------------

NO_COPY = Diagnosis("no-copy", "All ratios are 0: the weights were compared with themselves.",
                    "`before = layer.weight` is another name for the same tensor, and .detach() shares its "
                    "numbers. Copy them: layer.weight.detach().clone().", "torch.Tensor.clone")
NO_STEP = Diagnosis("step-not-made", "`optimizer_step` was not called, so no weight has moved.",
                    "Copy the weights, call optimizer_step(), compare.")
TWO_STEPS = Diagnosis("two-steps", "The update is that of two steps.", "Call optimizer_step() once.")
GRADIENTS = Diagnosis("gradient-ratio", "These are ||gradient|| / ||weight||: without the learning rate.",
                      "What an optimizer makes of a gradient is its own business. Measure the update itself.")
AFTERWARDS = Diagnosis("divided-by-new-weight",
                       "The update is divided by the norm of the weights after the step.",
                       "Divide by the norm of the weights before it.")
UPSIDE_DOWN = Diagnosis("upside-down", "This is ||weight|| / ||update||.",
                        "The update stands above the line.")
DIFFERENCE = Diagnosis("difference-of-norms", "This is the change of the norm, not the norm of the change.",
                       "Subtract the weights first, then take the norm: ||after - before||.")
WITH_BIAS = Diagnosis("bias-included", "The biases are counted in.", "Take layer.weight alone.")
NOT_RELATIVE = Diagnosis("not-relative", "This is the norm of the update alone.",
                         "Divide it by the norm of the weights.")
SQUARED = Diagnosis("squared-norms", "These are ratios of squared norms.", "Take the root.")
ENTRY_BY_ENTRY = Diagnosis("entry-by-entry", "This is the mean of the ratios of the single entries.",
                           "Take both norms first. Weights near 0 spoil a mean of ratios.")
MEANS = Diagnosis("means-not-norms", "This is the ratio of the mean absolute values.",
                  "The L2 norm is the root of the sum of squares.")
SPECTRAL = Diagnosis("spectral-norm", "This is the ratio of spectral norms (largest singular values).",
                     "torch.linalg.norm(matrix, 2) is the spectral norm. weight.norm() is the one asked for.")
SPREADS = Diagnosis("standard-deviations", "This is the ratio of standard deviations.",
                    "A standard deviation leaves out the mean. Take the norms.")
LOGARITHM = Diagnosis("logarithm", "This is the logarithm to base 10 of the ratio.", "Give the ratio itself.",
                      pattern="log")
UNDONE = Diagnosis("step-undone", "The step was taken back: the weights are what they were before.",
                   "Let the weights stand as the step leaves them.")
LEFT_OUT = Diagnosis("frozen-left-out", "The layer that the step does not change is missing.",
                     "A layer that does not move has ratio 0; it belongs in the dictionary too.")


def norm(tensor: torch.Tensor) -> float:
    return float(tensor.double().norm())


def mistaken(given: Any) -> dict[Diagnosis, list[float]]:
    """What update_ratios gives for each layer under each misconception."""
    w, g = given["weights"], given["weight_gradients"]
    both = [torch.cat([a.flatten(), b]) for a, b in zip(w, given["biases"], strict=True)]
    both_g = [torch.cat([a.flatten(), b]) for a, b in zip(g, given["bias_gradients"], strict=True)]
    pairs = list(zip(w, g, strict=True))
    return {
        TWO_STEPS: [2 * LR * norm(b) / norm(a) for a, b in pairs],
        GRADIENTS: [norm(b) / norm(a) for a, b in pairs],
        AFTERWARDS: [LR * norm(b) / norm(a - LR * b) for a, b in pairs],
        UPSIDE_DOWN: [norm(a) / (LR * norm(b)) for a, b in pairs],
        DIFFERENCE: [abs(norm(a - LR * b) - norm(a)) / norm(a) for a, b in pairs],
        WITH_BIAS: [LR * norm(b) / norm(a) for a, b in zip(both, both_g, strict=True)],
        NOT_RELATIVE: [LR * norm(b) for _, b in pairs],
        SQUARED: [(LR * norm(b) / norm(a)) ** 2 for a, b in pairs],
        ENTRY_BY_ENTRY: [float((LR * b / a).abs().mean()) for a, b in pairs],
        MEANS: [LR * float(b.abs().mean() / a.abs().mean()) for a, b in pairs],
        SPECTRAL: [LR * float(torch.linalg.matrix_norm(b, 2) / torch.linalg.matrix_norm(a, 2)) for a,
                   b in pairs],
        SPREADS: [LR * float(b.std() / a.std()) for a, b in pairs],
        LOGARITHM: [math.log10(LR * norm(b) / norm(a)) for a, b in pairs]}


def calls(seen: Seen) -> int | None:
    count = seen.value.get("calls") if isinstance(seen.value, dict) else None
    return count if isinstance(count, int) else None


def unmoved(seen: Seen) -> Diagnosis | None:
    """Why all ratios are 0, if it can be said."""
    return NO_STEP if calls(seen) == 0 else NO_COPY if calls(seen) == 1 else None


@check(looks_at=in_a_chain, points=3, after=layers, read=NIELSEN,
       hint="Copy each weight, make the step, then compare: the norm of the difference over the norm of the "
       "copy.")
def ratios(seen: Seen) -> None:
    """Each ratio is the norm of the layer's weight update over the norm of its weight before the step."""
    names = ["0", "2", "4", "6"]
    got = ratios_of(seen, names)
    want = [LR * norm(g) / norm(w) for w, g in
            zip(seen.given["weights"], seen.given["weight_gradients"], strict=True)]
    for name, measured, expected in zip(names, got, want, strict=True):
        seen.measure(f"||update|| / ||weight|| of layer {name!r}", f"{measured:.5g}", f"{expected:.5g}")
    # float64: a weight and its update differ by a factor of 20 or so, hence 1e-14; misconceptions lie per
    # cents apart
    if alike(got, want, 1e-6):
        return
    off = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if not alike([g], [w], 1e-6))
    message = f"The ratio of layer {names[off]!r} is {got[off]:.6g}; expected {want[off]:.6g}."
    if got == [0.0] * len(want):
        fail(message, unmoved(seen))
    fits = [d for d, wrong in mistaken(seen.given).items() if alike(got, wrong, 1e-6)]
    fail(message, fits[0] if len(fits) == 1 else None)


@check(looks_at=in_a_chain, points=2,
       hint="How often is optimizer_step() called? Are the new weights still there at the end?")
def one_step(seen: Seen) -> None:
    """`update_ratios` makes just one step, and leaves the weights as that step does."""
    count = calls(seen)
    if count != 1:
        fail(f"`optimizer_step` was called {described(count)} times; expected 1.",
             {0: NO_STEP, 2: TWO_STEPS}.get(count) if isinstance(count, int) else None)
    after = seen.value.get("weights")
    before, gradients = seen.given["weights"], seen.given["weight_gradients"]
    if not isinstance(after, list) or not all(isinstance(w, torch.Tensor)
                                              for w in after) or len(after) != len(before):
        fail("The layers' weights are not there any more.")
    if all(same(w, b, 1e-12) for w, b in zip(after, before, strict=True)):
        fail("After the call the weights are what they were before the step.", UNDONE)
    # the same subtraction in float64
    if not all(same(w, b - LR * g, 1e-9) for w, b, g in zip(after, before, gradients, strict=True)):
        fail("After the call the weights are not what one step makes of them.")


@check(looks_at=with_frozen, points=1, after=layers, visible=False,
       hint="What is weight.grad of a layer that is frozen? What is its update?")
def frozen_layer(seen: Seen) -> None:
    """A layer that the step does not change has the ratio 0."""
    value = dictionary(seen)
    if "2" not in value and {"0", "4"} <= value.keys():
        fail("The second layer is frozen. It has no entry in the dictionary; expected 0.", LEFT_OUT)
    first, frozen, last = ratios_of(seen, ["0", "2", "4"])
    if not abs(frozen) <= 1e-6:  # a copy in float32 is off by 3e-8
        fail(f"The ratio of the frozen layer '2' is {frozen:.6g}; expected 0.")
    if first == last == 0.0:
        fail("All ratios are 0, those of the layers that were changed too.", unmoved(seen))
    if not (first > 0.0 and last > 0.0):
        fail(f"The layers '0' and '4' were changed, and their ratios are {first:.6g} and {last:.6g}.")


# --- the factor ----------------------------------------------------------------------------------------

WHOLE_FACTOR = Diagnosis("whole-factor", "This is the factor from the first layer to the last.",
                         "Between n layers lie n - 1 steps: take the (n - 1)-th root.")
LAYERS_FOR_STEPS = Diagnosis("layers-for-steps", "The n-th root was taken, n being the number of layers.",
                             "From the first of n layers to the last it is n - 1 steps.")
FIRST_BY_LAST = Diagnosis("first-by-last", "This is how much *slower* each layer learns than the one before "
                          "it.", "Divide the last ratio by the first.")
ARITHMETIC = Diagnosis("arithmetic-mean", "This is the arithmetic mean of the factors from layer to layer.",
                       "Factors multiply, so their mean is the geometric one.")
DIVIDED = Diagnosis("divided-not-rooted", "The whole factor was divided by the number of steps.",
                    "Factors multiply: take the (n - 1)-th root.")
SLOPE = Diagnosis("slope", "This is the mean difference from layer to layer.",
                  "Speeds differ by a factor here, not by a difference.")
LOG_FACTOR = Diagnosis("logarithm-of-the-factor", "This is the logarithm of the factor.",
                       "Undo the logarithm with exp.")
EXTREMES = Diagnosis("largest-by-smallest", "This goes from the smallest ratio to the largest, wherever they "
                     "are.", "Go from the first layer to the last, as they stand in the dictionary.")
SORTED = Diagnosis("sorted-as-text", 'The layers were sorted as text, where "10" comes before "2".',
                   "A dictionary keeps the order in which it was filled: no need to sort.", pattern="sort")

# The first is not the smallest, the last not the largest, and as text "10" comes before "2".
seven_layers = Probe("factor", uses=("factor_per_layer",), noise=uniform(7, bound=0.2, dtype="float64"),
                     about=torch.tensor([-7.1, -7.9, -5.2, -3.8, -4.4, -1.6, -2.3], dtype=torch.float64))


@check(looks_at=seven_layers, points=2,
       hint="If each of n layers is f times as fast as the one before it, how much faster is the last?")
def factor(seen: Seen) -> None:
    """`factor_per_layer` gives the factor from one layer to the next, as geometric mean from the first to the
    last."""
    logs = [float(x) for x in seen.given["about"] + seen.given["noise"]]
    n = len(logs)
    values = [math.exp(x) for x in logs]
    ends = logs[-1] - logs[0]
    text = [logs[i] for i in sorted(range(n), key=lambda i: str(2 * i))]
    expect_number(seen.value, math.exp(ends / (n - 1)), rtol=1e-6, what="`factor_per_layer(ratios)`",
                  otherwise={
        WHOLE_FACTOR: math.exp(ends), LAYERS_FOR_STEPS: math.exp(ends / n),
        FIRST_BY_LAST: math.exp(-ends / (n - 1)),
        ARITHMETIC: sum(values[i + 1] / values[i] for i in range(n - 1)) / (n - 1),
        DIVIDED: math.exp(ends) / (n - 1), SLOPE: (values[-1] - values[0]) / (n - 1),
        LOG_FACTOR: ends / (n - 1),
        EXTREMES: math.exp((max(logs) - min(logs)) / (n - 1)),
        SORTED: math.exp((text[-1] - text[0]) / (n - 1))})
