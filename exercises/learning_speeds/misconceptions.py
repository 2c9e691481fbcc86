"""What people get wrong about learning speeds: the names of the mistakes, and what some of them compute."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from grader.spec import Diagnosis, both

from .reference import Layer

# Which layers are in the dictionary, and under which name.

PARAMETER_NAMES = Diagnosis(
    "parameter-names", "The keys are names of parameters, not of layers.",
    'The layer whose weight is called "block.0.weight" is called "block.0".')
TOP_LEVEL = Diagnosis(
    "top-level-only", "Layers within a block are missing.",
    "named_children() goes one level deep; named_modules() finds all layers.")
POSITIONS = Diagnosis(
    "positions-for-names", "The keys are positions, not names.",
    "named_modules() gives pairs of name and module.")
OTHERS_TOO = Diagnosis(
    "other-layers-too", "Modules that are no linear layers are in the dictionary too.",
    "isinstance(module, nn.Linear) picks the linear layers.")
OTHER_ORDER = Diagnosis(
    "other-order", "The layers do not stand in the model's order.",
    "Fill the dictionary in the order in which named_modules() gives the layers.")
LEFT_OUT = Diagnosis(
    "frozen-left-out", "The layer that the step does not change is missing.",
    "A layer that does not move has ratio 0; it belongs in the dictionary too.")

UNFROZEN = Diagnosis(
    "unfrozen", "A layer that was frozen is trainable now.", "Leave `requires_grad` as it is.",
    pattern="requires_grad")

# What stops the function.

NO_GRAD_AROUND = Diagnosis(
    "no-grad-around-the-step",
    "Gradients are switched off while the step is made, so that its backward fails.",
    "Put only the measuring into torch.no_grad(), and call optimizer_step() outside of it.",
    "torch.no_grad", pattern="no_grad|inference_mode|set_grad_enabled|optimizer_step")
STEP_ARGUMENTS = Diagnosis(
    "step-with-arguments", "`optimizer_step` was called with arguments.",
    "It knows its model and its data: optimizer_step()", pattern=r"optimizer_step\(")
NO_GRAD_MISSING = Diagnosis(
    "no-grad-missing", "A parameter was changed in place where autograd was watching.",
    "There is no need to change weights here. Where there is, do it in torch.no_grad().", "torch.no_grad")
NO_DETACH = Diagnosis(
    "detach-missing", "NumPy was asked for a tensor that requires a gradient.",
    "Take weight.detach() first, and copy what it gives.", "torch.Tensor.detach")
NO_BIAS = Diagnosis(
    "layer-without-bias", "One of the layers has no bias: its `bias` is None.",
    "Only the weights count here: leave the biases alone.", pattern="bias")
NO_GRADIENT = Diagnosis(
    "gradient-of-a-frozen-layer", "A frozen layer has no gradient: its `.grad` is None.",
    "The weights before and after the step are all that is needed.", pattern=r"\.grad\b")

# How the step is made.

NO_COPY = Diagnosis(
    "no-copy", "All ratios are 0: the weights were compared with themselves.",
    "`before = layer.weight` is another name for the same tensor, and .detach() shares its "
    "numbers. Copy them: layer.weight.detach().clone().", "torch.Tensor.clone")
NO_STEP = Diagnosis(
    "step-not-made", "`optimizer_step` was not called, so no weight has moved.",
    "Copy the weights, call optimizer_step(), compare.")
TWO_STEPS = Diagnosis("two-steps", "The update is that of two steps.", "Call optimizer_step() once.")
UNDONE = Diagnosis(
    "step-undone", "The step was taken back: the weights are what they were before.",
    "Let the weights stand as the step leaves them.")
KEPT = Diagnosis(
    "kept-from-the-first-call", "The second call for one model still uses weights kept in the first.",
    "Copy the weights anew in each call.")
ONE_DICTIONARY = Diagnosis(
    "one-dictionary-for-all", "All calls fill one and the same dictionary.",
    "Make a new dictionary in each call: a default value is made only once.",
    pattern=r"def update_ratios\(.*=|global ")

# What is taken for ||update|| / ||weight||.

GRADIENTS = Diagnosis(
    "gradient-ratio", "These are ||gradient|| / ||weight||, times a constant at most.",
    "What an optimizer makes of a gradient is its own business. Measure the update itself.")
AFTERWARDS = Diagnosis(
    "divided-by-new-weight", "The update is divided by the norm of the weights after the step.",
    "Divide by the norm of the weights before it.")
UPSIDE_DOWN = Diagnosis(
    "upside-down", "This is ||weight|| / ||update||.", "The update stands above the line.")
DIFFERENCE = Diagnosis(
    "difference-of-norms", "This is the change of the norm, not the norm of the change.",
    "Subtract the weights first, then take the norm: ||after - before||.")
WITH_BIAS = Diagnosis("bias-included", "The biases are counted in.", "Take layer.weight alone.")
NOT_RELATIVE = Diagnosis(
    "not-relative", "This is the norm of the update alone.", "Divide it by the norm of the weights.")
SQUARED = Diagnosis("squared-norms", "These are ratios of squared norms.", "Take the root.")
ENTRY_BY_ENTRY = Diagnosis(
    "entry-by-entry", "This is the mean of the ratios of the single entries.",
    "Take both norms first. Weights near 0 spoil a mean of ratios.")
MEANS = Diagnosis(
    "means-not-norms", "This is the ratio of the mean absolute values.",
    "The L2 norm is the root of the sum of squares.")
SPECTRAL = Diagnosis(
    "spectral-norm", "This is the ratio of spectral norms (largest singular values).",
    "torch.linalg.norm(matrix, 2) is the spectral norm. weight.norm() is the one asked for.")
SPREADS = Diagnosis(
    "standard-deviations", "This is the ratio of standard deviations.",
    "A standard deviation leaves out the mean. Take the norms.")
LOGARITHM = Diagnosis(
    "logarithm", "This is the logarithm to base 10 of the ratio.", "Give the ratio itself.", pattern="log")


# size of a tensor -> what stands in its norm's place
SIZES: dict[Diagnosis, Callable[[Tensor], Tensor]] = {
    SQUARED: lambda a: a.square().sum(),
    MEANS: lambda a: a.abs().mean(),
    SPECTRAL: lambda a: torch.linalg.matrix_norm(a, 2),
    SPREADS: torch.std,
}


def update_ratio(layer: Layer, size: Callable[[Tensor], Tensor] = Tensor.norm, *, new: bool = False) -> float:
    """||update|| / ||weight before||, by L2 norms or another size; `new`: / ||weight after||."""
    before, after = layer.before[0], layer.after[0]
    return float(size(after - before) / size(after if new else before))


def _with_bias(layer: Layer) -> float:
    before, after = (torch.cat([weight.flatten(), bias]) for weight, bias in (layer.before, layer.after))
    return float((after - before).norm() / before.norm())


def _entry_by_entry(layer: Layer) -> float:
    return float(((layer.after[0] - layer.before[0]) / layer.before[0]).abs().mean())


# what update_ratios gives for a layer
RATIOS: dict[Diagnosis, Callable[[Layer], float]] = {
    AFTERWARDS: lambda layer: update_ratio(layer, new=True),
    UPSIDE_DOWN: lambda layer: 1 / update_ratio(layer),
    DIFFERENCE: lambda layer: abs(float(layer.after[0].norm() / layer.before[0].norm()) - 1),
    WITH_BIAS: _with_bias,
    NOT_RELATIVE: lambda layer: float((layer.after[0] - layer.before[0]).norm()),
    ENTRY_BY_ENTRY: _entry_by_entry,
    LOGARITHM: lambda layer: math.log10(update_ratio(layer)),
    **{mistake: functools.partial(update_ratio, size=size) for mistake, size in SIZES.items()},
}
# two mistakes at once
RATIOS |= {both(mistake, AFTERWARDS): functools.partial(update_ratio, size=size, new=True)
           for mistake, size in SIZES.items()}
# what the ratio of a layer that did not move, under these, has to be turned back with
UNDONE_BY: dict[Diagnosis, Callable[[float], float]] = {
    UPSIDE_DOWN: lambda ratio: 1 / ratio if ratio else math.inf,
    LOGARITHM: lambda ratio: 10**min(ratio, 300.0),
}


def gradient_ratio(layer: Layer) -> float:
    """||gradient|| / ||weight||."""
    return float(layer.gradient[0].norm() / layer.before[0].norm())


# What is taken for the factor from one layer to the next.

WHOLE_FACTOR = Diagnosis(
    "whole-factor", "This is the factor from the first layer to the last.",
    "Between n layers lie n - 1 steps: take the (n - 1)-th root.")
LAYERS_FOR_STEPS = Diagnosis(
    "layers-for-steps", "The n-th root was taken, n being the number of layers.",
    "From the first of n layers to the last it is n - 1 steps.")
FIRST_BY_LAST = Diagnosis(
    "first-by-last", "This is how much *slower* each layer learns than the one before it.",
    "Divide the last ratio by the first.")
ARITHMETIC = Diagnosis(
    "arithmetic-mean", "This is the arithmetic mean of the factors from layer to layer.",
    "Factors multiply, so their mean is the geometric one.")
DIVIDED = Diagnosis(
    "divided-not-rooted", "The whole factor was divided by the number of steps.",
    "Factors multiply: take the (n - 1)-th root.")
SLOPE = Diagnosis(
    "slope", "This is the mean difference from layer to layer.",
    "Speeds differ by a factor here, not by a difference.")
LOG_FACTOR = Diagnosis(
    "logarithm-of-the-factor", "This is the logarithm of the factor.", "Undo the logarithm with exp.")
EXTREMES = Diagnosis(
    "largest-by-smallest", "This goes from the smallest ratio to the largest, wherever they are.",
    "Go from the first layer to the last, as they stand in the dictionary.")
SORTED = Diagnosis(
    "sorted-as-text", 'The layers were sorted as text, where "10" comes before "2".',
    "A dictionary keeps the order in which it was filled: no need to sort.", pattern="sort")
CHANGED = Diagnosis(
    "dictionary-changed", "`factor_per_layer` changes the dictionary that it is given.",
    "Whoever calls it still needs the ratios: read them, and leave them there.", pattern=r"\.pop|del |clear")


def mistaken_factors(names: Sequence[str], logs: Sequence[float]) -> dict[Diagnosis, float]:
    """What factor_per_layer gives under each misconception, for layers of these names and ratios with these
    logarithms."""
    steps = len(logs) - 1
    whole = math.exp(logs[-1] - logs[0])
    ratios = [math.exp(log) for log in logs]
    as_text = sorted(range(len(logs)), key=names.__getitem__)
    return {
        WHOLE_FACTOR: whole,
        LAYERS_FOR_STEPS: whole ** (1 / len(logs)),
        FIRST_BY_LAST: whole ** (-1 / steps),
        ARITHMETIC: sum(ratios[i + 1] / ratios[i] for i in range(steps)) / steps,
        DIVIDED: whole / steps,
        SLOPE: (ratios[-1] - ratios[0]) / steps,
        LOG_FACTOR: math.log(whole) / steps,
        EXTREMES: (max(ratios) / min(ratios)) ** (1 / steps),
        SORTED: (ratios[as_text[-1]] / ratios[as_text[0]]) ** (1 / steps),
    }
