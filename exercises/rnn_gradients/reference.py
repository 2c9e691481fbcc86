"""What the functions of `rnn_gradients` should give, and what they give under a named mistake."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from grader.spec import Diagnosis

from .matrices import radius_of
from .misconceptions import (
    ABSOLUTE_REAL_PARTS,
    DETERMINANT,
    ELEMENTWISE,
    EVERY_STEP,
    FINITE_POWER,
    FROBENIUS,
    LARGEST_ENTRY,
    LAST_TO_FIRST,
    MATRIX_NORM,
    MEAN_LOSS,
    NOT_TRANSPOSED,
    ONE_NORM,
    ONE_POWER_MORE,
    RADIUS_POWERS,
    REAL_PARTS,
    SINGULAR,
    SINGULAR_POWERS,
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


def mistaken_norms(weight: Tensor, steps: int) -> Iterator[tuple[Diagnosis, Sequence[float]]]:
    """What `gradient_through_time` gives under each mistake; `weight` in float64."""
    want, longer = norms_of(weight, steps), norms_of(weight, steps + 1)
    ones, n = torch.ones(len(weight), dtype=torch.float64), len(weight)
    radius, largest, powers = radius_of(weight), singular_value(weight), range(steps - 1, -1, -1)
    summed = [ones]
    for _ in range(steps - 1):
        summed.append(ones + weight.T @ summed[-1])
    yield NOT_TRANSPOSED, norms_of(weight.T, steps)
    yield LAST_TO_FIRST, want[::-1]
    yield WITH_START, longer
    yield ONE_POWER_MORE, longer[:-1]
    for begins in (1, math.sqrt(n), n):
        yield RADIUS_POWERS, [begins * radius ** k for k in powers]
        yield SINGULAR_POWERS, [begins * largest ** k for k in powers]
    for matrix_norm in (Tensor.norm, singular_value):
        yield MATRIX_NORM, [float(matrix_norm(torch.linalg.matrix_power(weight, k))) for k in powers]
    yield ELEMENTWISE, [float((weight.T ** k @ ones).norm()) for k in powers]
    yield SQUARED_NORMS, [n * n for n in want]
    yield ONE_NORM, [float(g.abs().sum()) for g in gradients_of(weight, steps)]
    yield LARGEST_ENTRY, [float(g.abs().max()) for g in gradients_of(weight, steps)]
    yield MEAN_LOSS, [norm / n for norm in want]
    yield EVERY_STEP, [float(g.norm()) for g in reversed(summed)]


def singular_value(weight: Tensor) -> float:
    """The largest."""
    return float(torch.linalg.matrix_norm(weight, 2))


def finite_power(power: int) -> Callable[[Tensor], float]:
    """An estimate of the spectral radius: the root of a power's norm."""
    def estimate(weight: Tensor) -> float:
        return float(singular_value(torch.linalg.matrix_power(weight, power)) ** (1 / power))
    return estimate


MISTAKEN_RADII: Sequence[tuple[Diagnosis, Callable[[Tensor], float]]] = (
    (SINGULAR, singular_value),
    (FROBENIUS, lambda w: float(w.norm())),
    (REAL_PARTS, lambda w: float(torch.linalg.eigvals(w).real.max())),
    (ABSOLUTE_REAL_PARTS, lambda w: float(torch.linalg.eigvals(w).real.abs().max())),
    (SYMMETRIC, lambda w: float(torch.linalg.eigvalsh(w).abs().max())),
    (DETERMINANT, lambda w: abs(float(torch.linalg.det(w)))),
    *((FINITE_POWER, finite_power(power)) for power in (10, 20, 50, 100, 200)))


def regime_of(radius: float, tolerance: float = 0.01) -> str:
    """What `regime` says of a matrix with this spectral radius."""
    return "stable" if abs(radius - 1) <= tolerance else "vanishing" if radius < 1 else "exploding"


def norm_of_all(tensors: Sequence[Tensor]) -> float:
    """The L2 norm of all of them taken together."""
    return math.sqrt(sum(float(t.square().sum()) for t in tensors))


def norm_by(norm: Callable[[Tensor], float], tensors: Sequence[Tensor]) -> float:
    """The norm of all of them taken together, where each one's is this, as people take it."""
    return math.sqrt(sum(norm(t) ** 2 for t in tensors))


def spectral(tensor: Tensor) -> float:
    """What torch.linalg.norm(tensor, 2) gives: of a matrix, the largest singular value."""
    return singular_value(tensor) if tensor.dim() == 2 else float(tensor.norm())
