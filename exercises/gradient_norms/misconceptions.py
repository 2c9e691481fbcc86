"""What people get wrong about gradient norms: the names of the mistakes, and what some of them compute."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from grader.spec import Diagnosis

READ_HOOKS = "The PyTorch documentation of torch.Tensor.register_hook"

# Which parameters have an entry, and under which name.

ONE_KEY = Diagnosis(
    "one-key", "Every hook writes under the same name.",
    "A function defined in a loop looks the loop's variable up when it *runs*. Bind it: "
    "`def hook(g, name=name)`, or make the hook in a function that takes the name.",
    pattern=r"""\[["\']|\.append""")
WEIGHTS_ONLY = Diagnosis(
    "weights-only", "Only weights have an entry; other parameters receive gradients too.")
SCALAR_SKIPPED = Diagnosis(
    "scalar-skipped", "Only the parameter without dimensions has no entry.",
    "A tensor of shape () is a parameter like the others.")
MODULE_NAMES = Diagnosis(
    "module-names", "The entries carry the modules' names, not the parameters'.",
    "`model.named_parameters()` gives the full names.", "torch.nn.Module.named_parameters")
SHORT_NAMES = Diagnosis(
    "short-names", "The entries carry only the last part of the names, so layers overwrite each other.",
    "`model.named_parameters()` gives the full names.", "torch.nn.Module.named_parameters")
NOTHING = Diagnosis(
    "nothing-recorded", "The dict is empty after a backward.",
    "The hooks must change the very dict that the function has already returned.", READ_HOOKS)
UNFROZEN = Diagnosis(
    "unfrozen", "Parameters that were frozen are trainable now.",
    "Leave them frozen, and hook only parameters with `requires_grad`.", pattern="requires_grad")
PREFILLED = Diagnosis(
    "prefilled", "Parameters that received no gradient have an entry.",
    "No gradient and a gradient of zero are not the same: write entries from the hooks only.")
TIED_TWICE = Diagnosis(
    "tied-twice", "One parameter has two entries, so the total counts it twice.",
    "`model.named_parameters()` names a shared parameter once.")

DICT_SECOND = Diagnosis(
    "dict-not-first", "The dict is not the first thing that is returned.", "Return `norms, handles`.",
    pattern=r"return\b.*,")

# What stops the hooks, or the function.

REPLACED = Diagnosis(
    "gradient-replaced",
    "The gradient was replaced by its norm: what a tensor hook returns becomes the gradient.",
    "Return nothing from the hook.", READ_HOOKS)
GRAD_IS_NONE = Diagnosis(
    "gradient-is-none", "A gradient was asked for where there is none yet: it is None.",
    "`.grad` is None before the first backward, inside a tensor hook of the first one, and where a parameter "
    "took no part. The hook is handed the gradient itself.", READ_HOOKS, pattern=r"\.grad\b|norm|\bg\b")
MATRICES_ONLY = Diagnosis(
    "matrices-only", "A function for matrices was given a gradient that is none.",
    "A bias's gradient is a vector. torch.linalg.vector_norm(g) or g.norm() takes any shape.")
FROZEN_HOOKED = Diagnosis(
    "frozen-hooked", "A hook was registered on a parameter that is frozen.",
    "Ask `requires_grad` of each parameter first.", READ_HOOKS)
NO_BIAS = Diagnosis(
    "layer-without-bias", "One of the layers has no bias: its `bias` is None.",
    "`model.named_parameters()` gives just the parameters that there are.", pattern=r"\.bias\b")
ENTRY_NEEDS_GRAPH = Diagnosis(
    "entries-hold-graphs", "The entries are tensors that require a gradient, so they hold a graph.",
    "Store floats (`.item()`), or tensors after `.detach()`.", "torch.Tensor.detach")

NO_ATTRIBUTE = "'NoneType' object has no attribute "

# what an error shows
ERRORS = {
    f"{NO_ATTRIBUTE}'(norm|data|detach|pow|abs|square|clone|flatten|item|register_hook)'": GRAD_IS_NONE,
    "has changed the size of value": REPLACED,
    "at least 2 dimensions|must be a matrix": MATRICES_ONLY,
}
FROZEN_ERRORS = {**ERRORS, f"{NO_ATTRIBUTE}'(register_hook|requires_grad|register_post)": NO_BIAS,
                 "hook on a tensor that doesn't require": FROZEN_HOOKED}

# What is taken for the L2 norm of the gradient.

SIGNALS = Diagnosis(
    "activation-gradients",
    "These are norms of the gradient for what comes into or out of a layer, not for its parameters.",
    "A module's backward hook is handed these; a tensor hook on the parameter is handed the parameter's.",
    READ_HOOKS, pattern="backward_hook|grad_output|grad_input")
MISALIGNED = Diagnosis(
    "misaligned", "The norms are right, but stand under other parameters' names.",
    "Let each hook bind the name of its own parameter: hooks do not run in the order of the names.")
PARAMETER = Diagnosis(
    "parameter-norm", "This is the norm of the parameter itself, not of its gradient.",
    "A post-accumulate hook is handed the parameter; a tensor hook is handed the gradient.",
    "torch.Tensor.register_post_accumulate_grad_hook")
SQUARED = Diagnosis("squared-norm", "This is the sum of the squares: the square root is missing.")
L1 = Diagnosis("l1-norm", "This is the sum of the absolute values, the L1 norm.")
LARGEST = Diagnosis("largest-entry", "This is the largest absolute value, the maximum norm.")
MEAN_ABSOLUTE = Diagnosis(
    "mean-absolute", "This is the mean of the absolute values; a norm is not an average.",
    "The L2 norm grows with the number of entries: do not divide by it.")
ROOT_MEAN_SQUARE = Diagnosis(
    "root-mean-square", "This is the root of the *mean* square; the L2 norm takes the sum.")
SPECTRAL = Diagnosis(
    "spectral-norm", "This is the largest singular value of each matrix.",
    "torch.linalg.norm(g, 2) is a matrix's spectral norm; g.norm() is the L2 norm of its entries.")
SUM = Diagnosis("sum-of-entries", "This is the plain sum of the entries, in which signs cancel.")
ROOT_TWICE = Diagnosis("root-twice", "This is the square root of the norm: the root was taken twice.")
ONE_BUFFER = Diagnosis(
    "one-buffer", "All entries hold the same number, the norm of just one parameter's gradient.",
    "If the entries are tensors, give each one memory of its own, or store floats.")

# gradient -> what stands in its norm's place; of a matrix, a vector, and a tensor without dimensions
FORMULAS: dict[Diagnosis, Callable[[Tensor], Tensor]] = {
    SQUARED: lambda g: g.square().sum(),
    L1: lambda g: g.abs().sum(),
    LARGEST: lambda g: g.abs().max(),
    MEAN_ABSOLUTE: lambda g: g.abs().mean(),
    ROOT_MEAN_SQUARE: lambda g: g.square().mean().sqrt(),
    SPECTRAL: lambda g: torch.linalg.matrix_norm(g, 2) if g.dim() == 2 else g.norm(),
    SUM: lambda g: g.sum(),
    ROOT_TWICE: lambda g: g.norm().sqrt(),
}

# Which gradient it is the norm of.

ACCUMULATED = Diagnosis(
    "accumulated-gradient",
    "This is the norm of `.grad`, where the gradients of both backwards are added up.",
    "A tensor hook is handed the gradient of this backward alone.", READ_HOOKS, pattern=r"\.grad\b")
STALE = Diagnosis(
    "stale-gradient", "These are still the norms of the first backward's gradients.",
    "Write the entry anew in each backward. Inside a tensor hook `.grad` has not been updated yet.")
ADDED_UP = Diagnosis(
    "added-up", "These are the sums of both backwards' norms.", "Overwrite the entry, do not add to it.")

# What the hooks do beside recording.

SCALED = Diagnosis(
    "gradient-scaled", "The gradients are a constant times what they should be.",
    "What a tensor hook returns becomes the gradient; so does what it changes in place.", READ_HOOKS)
NORMALISED = Diagnosis(
    "gradient-normalised", "The gradients were divided by their norms.",
    "Record the norm, and leave the gradient alone.", READ_HOOKS)
SQUARED_IN_PLACE = Diagnosis(
    "gradient-squared", "The gradients were squared.",
    "Methods that end in an underscore, such as `pow_`, change the gradient itself.")
CLIPPED = Diagnosis(
    "gradient-clipped", "The gradients were clipped: they are smaller than they should be.",
    "Record the norm, and leave the gradient alone.", READ_HOOKS, pattern="clip|clamp")
ERASED = Diagnosis(
    "gradient-erased", "The gradients are gone after the backward.",
    "The optimizer still needs `.grad`: read it, and leave it there.", pattern=r"zero_grad|grad\s*=\s*None")
NO_HANDLES = Diagnosis("no-handles", "No handle came back.", "Collect what `register_hook` returns.")
SOME_HANDLES = Diagnosis(
    "some-handles", "Some of the hooks go on recording: their handles did not come back.",
    "Append every hook's handle to the list.")
ONE_DICT = Diagnosis(
    "one-dict-for-all", "Two calls of the function share one dict.",
    "Make the dict and the list inside the function: a default value is made only once.",
    pattern=r"def attach_gradient_norm_hooks\(.*=|global ")
KEPT_GRAPHS = Diagnosis(
    "graphs-kept-alive", "Something keeps every step's graph, and with it all activations.",
    "Store floats, or tensors after `.detach()`; outputs and losses hold their graph.")

# How the pieces' norms make the total.

SUM_OF_NORMS = Diagnosis(
    "sum-of-norms", "This is the sum of the norms.", "Norms add up as squares do: Pythagoras.")
LARGEST_NORM = Diagnosis("largest-norm", "This is the largest of the norms.")
MEAN_NORM = Diagnosis("mean-norm", "This is the mean of the norms.")
SQUARED_TOTAL = Diagnosis("squared-total", "This is the sum of the squares: the square root is missing.")
MEAN_SQUARE_TOTAL = Diagnosis(
    "mean-square-total", "This is the root of the *mean* square; the total takes the sum.")
TOTAL_ROOT_TWICE = Diagnosis("total-root-twice", "The square root was taken twice.")

TOTALS: dict[Diagnosis, Callable[[Tensor], Tensor]] = {     # the pieces' norms, a vector -> the total
    SUM_OF_NORMS: lambda norms: norms.sum(),
    LARGEST_NORM: lambda norms: norms.max(),
    MEAN_NORM: lambda norms: norms.mean(),
    SQUARED_TOTAL: lambda norms: norms.square().sum(),
    MEAN_SQUARE_TOTAL: lambda norms: norms.square().mean().sqrt(),
    TOTAL_ROOT_TWICE: lambda norms: norms.norm().sqrt(),
}

DICT_CHANGED = Diagnosis(
    "dict-changed", "The dict that was passed in is changed.",
    "Read the norms, and leave them where they are.", pattern=r"\.pop|del |clear")

# How the rule of `diagnose` is misread.

REVERSED = Diagnosis(
    "reversed", "Vanishing and exploding are swapped.",
    "A gradient vanishes on its way back, from the last layer to the first: compare first / last.")
BIASES_COUNTED = Diagnosis(
    "biases-counted", "The biases were compared too.", "Take the entries that end in `weight`.")
NAME_CONTAINS = Diagnosis(
    "name-contains-weight", "Names were taken that contain `weight` but do not end in it.",
    "`name.endswith(\"weight\")` asks for the end.", "str.endswith", pattern=r"weight[\"']\s+in\b")
SORTED = Diagnosis(
    "sorted-as-text", 'The names were sorted as text, where "10" comes before "2".',
    "The dict is in the order of the layers already.", pattern="sort")
EXTREMES = Diagnosis(
    "extremes-compared", "The smallest and the largest norm were compared.",
    "The rule compares the first weight's with the last weight's.")
NAN_PASSED = Diagnosis(
    "nan-passed", "NaN and infinite norms went unnoticed.",
    "Every comparison with NaN is False. Ask `math.isfinite` of every entry first.")
ZERO_PASSED = Diagnosis(
    "zero-passed", "Norms of exactly zero went unnoticed.",
    "Compare `first <= 1e-3 * last`: there is nothing to divide by, and 0 <= 0 holds.")
SPELLED = Diagnosis(
    "spelled-otherwise", "These are the right answers in another spelling.",
    "The answers are text: small letters, and no blank.")
DIVIDED = Diagnosis(
    "divided-by-zero", "A norm was divided by one that is exactly 0.", ZERO_PASSED.advice, pattern="/")
ABSOLUTE = Diagnosis(
    "absolute-size", "Norms were compared with fixed numbers.",
    "Gradients that are small in all layers alike have not vanished on their way: compare layers.")


def weights_of(norms: Mapping[str, float]) -> list[float]:
    return [norm for name, norm in norms.items() if name.endswith("weight")]


def rule(norms: Mapping[str, float], compared: list[float], *, finite: bool = True, zero: bool = True) -> str:
    """The notebook's rule on the first and the last of the norms to be compared.

    Args:
        norms: all of them.
        compared: those of which the first and the last are compared; the notebook says the weights'.
        finite: NaN and infinite norms are looked for, as the notebook says.
        zero: a norm of exactly zero is compared like others, as the notebook says.
    """
    if finite and not all(map(math.isfinite, norms.values())):
        return "exploding"
    first, last = compared[0], compared[-1]
    if first <= 1e-3 * last and (zero or first > 0):
        return "vanishing"
    return "exploding" if first >= 1e3 * last and (zero or last > 0) else "stable"


def fixed_numbers(norms: Mapping[str, float]) -> str:
    """Smallest below 1e-6, or largest above 1e3."""
    weights = weights_of(norms)
    if not all(map(math.isfinite, norms.values())) or max(weights) > 1e3:
        return "exploding"
    return "vanishing" if min(weights) < 1e-6 else "stable"


MISREADINGS: dict[Diagnosis, Callable[[Mapping[str, float]], str]] = {      # norms -> the answer
    REVERSED: lambda norms: rule(norms, weights_of(norms)[::-1]),
    BIASES_COUNTED: lambda norms: rule(norms, list(norms.values())),
    NAME_CONTAINS: lambda norms: rule(norms, [norm for name, norm in norms.items() if "weight" in name]),
    SORTED: lambda norms: rule(norms, [norms[name] for name in sorted(norms) if name.endswith("weight")]),
    EXTREMES: lambda norms: rule(norms, sorted(weights_of(norms))),
    NAN_PASSED: lambda norms: rule(norms, weights_of(norms), finite=False),
    ZERO_PASSED: lambda norms: rule(norms, weights_of(norms), zero=False),
    ABSOLUTE: fixed_numbers,
}
