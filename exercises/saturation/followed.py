"""What a function gives in place of what is asked, found where it is asked first: what is asked of it later
is judged by that, so that a mistake is paid for once."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from grader.spec import Diagnosis, Seen, alike, close, numbers, same

from .misconceptions import (
    ACTIVATION_NORMS,
    AFTER_ACTIVATION,
    BIAS_GRADIENTS,
    COUNTED,
    FORMULA_OF_ACTIVATION,
    IMPOSSIBLE,
    LAST_TO_FIRST,
    LOWER_ONLY,
    MEAN_NOT_NORM,
    NOT_RETAINED,
    PER_CENT,
    PER_ROW,
    PER_SAMPLE,
    PER_UNIT,
    ROOT_MEAN_SQUARE,
    SIGMOID_ITSELF,
    SQUARED_NORM,
    SQUARED_SIGMOID,
    TANH_DERIVATIVE,
    TANH_FORMULA,
    UNSATURATED,
    UPPER_ONLY,
    WEIGHT_GRADIENTS,
    WITH_OUTPUT,
    WRONG_SIGN,
)
from .reference import Backward, backward, norms, share

T = TypeVar("T")

PROFILE_RTOL = 1e-6      # float64; autograd's own sums differ by some 1e-15, misconceptions by per cents
SQUARES_VANISH = 1e-18   # the squares of such a gradient's 256 entries lie below float32's normal numbers

def only(found: Iterable[T]) -> T | None:
    """The only one; None where there are none or several."""
    every = list(found)
    return every[0] if len(every) == 1 else None


# --- sigma'(z) -----------------------------------------------------------------------------------------

Derivative = Callable[[Tensor], Tensor]


def right_derivative(z: Tensor) -> Tensor:
    """sigma'(z), without a loss of precision on either side."""
    return torch.sigmoid(z) * torch.sigmoid(-z)


DERIVATIVES: dict[Diagnosis, Derivative] = {
    SIGMOID_ITSELF: torch.sigmoid,
    FORMULA_OF_ACTIVATION: lambda z: z * (1 - z),
    TANH_FORMULA: lambda z: 1 - torch.sigmoid(z) ** 2,
    TANH_DERIVATIVE: lambda z: 1 - torch.tanh(z) ** 2,
    WRONG_SIGN: lambda z: -right_derivative(z),
    SQUARED_SIGMOID: lambda z: torch.sigmoid(z) ** 2}


def derivative_given(value: object, z: Tensor) -> Derivative:
    """The formula that gives these values for z; the right one where none does."""
    return next((form for form in DERIVATIVES.values()
                 if isinstance(value, Tensor) and same(value, form(z), 1e-6)), right_derivative)


# --- the saturated share -------------------------------------------------------------------------------

Share = Callable[[Tensor, float], float]   # of activations and a threshold


def saturated(a: Tensor, threshold: float) -> Tensor:
    """Which entries are."""
    return (a < threshold) | (a > 1 - threshold)


def right_share(a: Tensor, threshold: float) -> float:
    """The share of all entries that are saturated."""
    return share(saturated(a, threshold))


SHARES: dict[Diagnosis, Share] = {
    UPPER_ONLY: lambda a, t: share(a > 1 - t),
    LOWER_ONLY: lambda a, t: share(a < t),
    COUNTED: lambda a, t: float(saturated(a, t).sum()),
    PER_ROW: lambda a, t: float(saturated(a, t).sum()) / len(a),
    PER_CENT: lambda a, t: 100 * right_share(a, t),
    UNSATURATED: lambda a, t: 1 - right_share(a, t),
    PER_UNIT: lambda a, t: share(saturated(a, t).all(0)),
    IMPOSSIBLE: lambda _, __: 0.0}


def share_given(value: object, a: Tensor, threshold: float, rtol: float) -> Share:
    """What gives this value for these activations; the right share where nothing does."""
    got = value.double().item() if isinstance(value, Tensor) and value.numel() == 1 else value
    return next((form for form in SHARES.values() if isinstance(got, int | float)
                 and close(got, form(a, threshold), rtol)), right_share)


# --- the gradient's profile ----------------------------------------------------------------------------

Profile = Callable[[Backward], list[float]]


def right_profile(truth: Backward) -> list[float]:
    """The norm of dL/dz of each hidden layer."""
    return norms(truth.z)


def _of_each(number: Callable[[Tensor], Tensor]) -> Profile:
    return lambda truth: [float(number(g)) for g in truth.z]


def _reversed(form: Profile) -> Profile:
    return lambda truth: form(truth)[::-1]


QUANTITIES: tuple[tuple[Diagnosis, Profile], ...] = (
    (WEIGHT_GRADIENTS, lambda truth: norms(truth.weights)),
    (BIAS_GRADIENTS, lambda truth: norms(truth.biases)),
    (AFTER_ACTIVATION, lambda truth: norms(truth.a)),
    (WITH_OUTPUT, lambda truth: norms([*truth.z, truth.output])),
    (MEAN_NOT_NORM, _of_each(lambda g: g.abs().mean())),
    (ROOT_MEAN_SQUARE, _of_each(lambda g: g.square().mean().sqrt())),
    (SQUARED_NORM, _of_each(lambda g: g.square().sum())),
    (PER_SAMPLE, _of_each(lambda g: g.norm(dim=1).mean())),
    (ACTIVATION_NORMS, lambda truth: norms(truth.values)),
    (NOT_RETAINED, lambda truth: [0.0] * len(truth.z)))

# (what is said, what is named, what it gives)
PROFILES: tuple[tuple[str, Diagnosis, Profile], ...] = (
    ("", LAST_TO_FIRST, _reversed(right_profile)),
    *(("", named, form) for named, form in QUANTITIES),
    *((" And the last layer stands first.", named, _reversed(form)) for named, form in QUANTITIES
      if named is not NOT_RETAINED))


def profiles_given(got: Sequence[float], truth: Backward, rtol: float
                   ) -> list[tuple[str, Diagnosis, Profile]]:
    """The mistakes that give this list."""
    return [one for one in PROFILES if alike(got, one[2](truth), rtol)]


def followed(seen: Seen) -> Profile:
    """What the profile of the small net shows to be given in place of the norms, if just one thing."""
    got = numbers(seen.value, "`gradient_profile`'s list")
    found = only(profiles_given(got, backward(seen.given), PROFILE_RTOL))
    return found[2] if found else right_profile


def underflown(got: Sequence[float], want: Sequence[float]) -> bool:
    """Are entries 0 or imprecise where float32 loses the squares, and all others right?"""
    return len(got) == len(want) and 0.0 in got and all(
        close(g, w, 1e-3) or (w < SQUARES_VANISH and 0.0 <= g < 2 * w)
        for g, w in zip(got, want, strict=True))
