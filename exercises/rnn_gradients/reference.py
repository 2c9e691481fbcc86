"""What the functions of `rnn_gradients` should give, and what they give under a named mistake."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from grader.spec import Diagnosis

from .misconceptions import (
    ABSOLUTE_REAL_PARTS,
    DETERMINANT,
    ELEMENTWISE,
    EVERY_STEP,
    FROBENIUS,
    LAST_TO_FIRST,
    MATRIX_NORM,
    MEAN_LOSS,
    NOT_TRANSPOSED,
    ONE_NORM,
    ONE_POWER_MORE,
    RADIUS_POWERS,
    REAL_PARTS,
    SINGULAR,
    SQUARED_NORMS,
    SYMMETRIC,
    WITH_START,
)


def gradients_of(weight: Tensor, steps: int) -> list[Tensor]:
    """dL/dh_t for t = 1 to `steps`, L the sum of h_steps, in float64."""
    gradients = [torch.ones(len(weight), dtype=torch.float64)]
    for _ in range(steps - 1):
        gradients.append(weight.double().T @ gradients[-1])
    return gradients[::-1]


def norms_of(weight: Tensor, steps: int) -> list[float]:
    """The norm of dL/dh_t for t = 1 to `steps`."""
    return [float(g.norm()) for g in gradients_of(weight, steps)]


def mistaken_norms(weight: Tensor, steps: int) -> Mapping[Diagnosis, Sequence[float]]:
    """What `gradient_through_time` gives under each mistake; `weight` in float64."""
    want, longer = norms_of(weight, steps), norms_of(weight, steps + 1)
    ones = torch.ones(len(weight), dtype=torch.float64)
    radius, powers = spectral_radius(weight), range(steps - 1, -1, -1)
    summed = [ones]
    for _ in range(steps - 1):
        summed.append(ones + weight.T @ summed[-1])
    return {
        NOT_TRANSPOSED: norms_of(weight.T, steps),
        LAST_TO_FIRST: want[::-1],
        WITH_START: longer,
        ONE_POWER_MORE: longer[:-1],
        RADIUS_POWERS: [radius ** k for k in powers],
        MATRIX_NORM: [float(torch.linalg.matrix_power(weight, k).norm()) for k in powers],
        ELEMENTWISE: [float((weight.T ** k @ ones).norm()) for k in powers],
        SQUARED_NORMS: [n * n for n in want],
        ONE_NORM: [float(g.abs().sum()) for g in gradients_of(weight, steps)],
        MEAN_LOSS: [n / len(weight) for n in want],
        EVERY_STEP: [float(g.norm()) for g in reversed(summed)]}


def spectral_radius(weight: Tensor) -> float:
    return float(torch.linalg.eigvals(weight).abs().max())


MISTAKEN_RADII: Mapping[Diagnosis, Callable[[Tensor], float]] = {
    SINGULAR: lambda w: float(torch.linalg.matrix_norm(w, 2)),
    FROBENIUS: lambda w: float(w.norm()),
    REAL_PARTS: lambda w: float(torch.linalg.eigvals(w).real.max()),
    ABSOLUTE_REAL_PARTS: lambda w: float(torch.linalg.eigvals(w).real.abs().max()),
    SYMMETRIC: lambda w: float(torch.linalg.eigvalsh(w).abs().max()),
    DETERMINANT: lambda w: abs(float(torch.linalg.det(w)))}


def regime_of(radius: float, tolerance: float = 0.01) -> str:
    """What `regime` says of a matrix with this spectral radius."""
    return "stable" if abs(radius - 1) <= tolerance else "vanishing" if radius < 1 else "exploding"


def norm_of_all(tensors: Sequence[Tensor]) -> float:
    """The L2 norm of all of them taken together."""
    return math.sqrt(sum(float(t.square().sum()) for t in tensors))
