"""What people get wrong about learning speeds: the names of the mistakes, and what some of them compute."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from grader.spec import Diagnosis

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
LEFT_OUT = Diagnosis(
    "frozen-left-out", "The layer that the step does not change is missing.",
    "A layer that does not move has ratio 0; it belongs in the dictionary too.")

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

# What is taken for ||update|| / ||weight||.

GRADIENTS = Diagnosis(
    "gradient-ratio", "These are ||gradient|| / ||weight||: without the learning rate.",
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


def update_ratio(weight: Tensor, gradient: Tensor, lr: float) -> float:
    """||update|| / ||weight|| after one step of SGD, as it should be; both L2 norms of all entries."""
    return lr * float(gradient.norm()) / float(weight.norm())


def mistaken_ratios(weights: Sequence[Tensor], biases: Sequence[Tensor], weight_gradients: Sequence[Tensor],
                    bias_gradients: Sequence[Tensor], lr: float) -> dict[Diagnosis, list[float]]:
    """What update_ratios gives for each layer under each misconception, with one step of SGD."""
    pairs = list(zip(weights, weight_gradients, strict=True))
    with_biases = [(torch.cat([w.flatten(), b]), torch.cat([g.flatten(), h]))
                   for (w, g), b, h in zip(pairs, biases, bias_gradients, strict=True)]
    right = [update_ratio(w, g, lr) for w, g in pairs]
    return {
        TWO_STEPS: [2 * ratio for ratio in right],
        GRADIENTS: [ratio / lr for ratio in right],
        AFTERWARDS: [lr * float(g.norm() / (w - lr * g).norm()) for w, g in pairs],
        UPSIDE_DOWN: [1 / ratio for ratio in right],
        DIFFERENCE: [float(((w - lr * g).norm() - w.norm()).abs() / w.norm()) for w, g in pairs],
        WITH_BIAS: [update_ratio(w, g, lr) for w, g in with_biases],
        NOT_RELATIVE: [lr * float(g.norm()) for _, g in pairs],
        SQUARED: [ratio**2 for ratio in right],
        ENTRY_BY_ENTRY: [float((lr * g / w).abs().mean()) for w, g in pairs],
        MEANS: [lr * float(g.abs().mean() / w.abs().mean()) for w, g in pairs],
        SPECTRAL: [lr * float(torch.linalg.matrix_norm(g, 2) / torch.linalg.matrix_norm(w, 2))
                   for w, g in pairs],
        SPREADS: [lr * float(g.std() / w.std()) for w, g in pairs],
        LOGARITHM: [math.log10(ratio) for ratio in right],
    }


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


def mistaken_factors(logs: Sequence[float]) -> dict[Diagnosis, float]:
    """What factor_per_layer gives under each misconception, for ratios with these logarithms.

    The layers are called "0", "2", "4", and so on.
    """
    steps = len(logs) - 1
    whole = math.exp(logs[-1] - logs[0])
    ratios = [math.exp(log) for log in logs]
    as_text = sorted(range(len(logs)), key=lambda i: str(2 * i))
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
