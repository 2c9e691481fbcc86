"""The matrices that `regime` is asked about: each list tells apart what might be taken for the spectral
radius."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Core = Sequence[float] | Sequence[Sequence[float]]   # a diagonal, or a whole matrix


def turned(*cores: Core, skewed: float = 1.0) -> list[Tensor]:
    """Each core in another basis, which keeps its eigenvalues. An orthonormal one keeps the singular values
    too; one that is `skewed` stretches its last vector by as much."""
    generator = torch.Generator().manual_seed(7)
    matrices = []
    for core in cores:
        inner = torch.as_tensor(core, dtype=torch.float64)
        inner = torch.diag(inner) if inner.dim() == 1 else inner
        q, _ = torch.linalg.qr(torch.randn(len(inner), len(inner), dtype=torch.float64, generator=generator))
        stretch = torch.ones(len(inner), dtype=torch.float64)
        stretch[-1] = skewed
        matrices.append(q @ (stretch[:, None] * inner / stretch) @ q.T)
    return matrices


def rotation(size: float, degrees: float, third: float = 0.3) -> list[list[float]]:
    """Eigenvalues `third` and size * exp(+-i angle)."""
    c, s = size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees))
    return [[third, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]


# Radii far from 1. No eigenvalue is negative.
SYMMETRIC_ONES = turned(
    [0.75, 0.7, 0.6, 0.1], [1.4, 0.1, 0.1, 0.0], [0.6, 0.3, 0.3, 0.1], [1.8, 0.5, 0.3, 0.2],
    [1.3, 1.2, 1.1, 0.5], [1.9, 1.5, 0.9, 0.5], [0.75, 0.3, 0.1, 0.0])

# Complex eigenvalues, and negative ones. In the skewed rotations what one step of a product tells depends on
# where it stops; they grow, as their singular values say too.
SKEWED = turned(*(rotation(1.15, degrees) for degrees in range(30, 150, 5)), skewed=6.0)
TURNING = SKEWED + turned(
    rotation(1.2, 90), rotation(0.8, 45), rotation(1.3, 120, 0.8), rotation(1.1, 60), rotation(0.9, 20),
    [-1.2, 0.3, 0.2], [-0.8, 0.5, 0.1], rotation(1.2, 75), [-0.9, 0.8, -0.1], [-1.3, 1.2, -1.1, 0.5],
    rotation(1.04, 45))

# Triangular ones: the diagonal holds the eigenvalues, what stands above it makes the singular values large.
# The last ones stretch by as much as 1e9, of which a fiftieth root still is 1.5, and the two-hundredth 1.1.
NON_NORMAL = [*turned(
    [[0.5, 8.0, 0.0], [0.0, 0.3, 6.0], [0.0, 0.0, -0.2]],
    [[1.2, 5.0, 1.0], [0.0, 0.7, 4.0], [0.0, 0.0, 0.1]],
    [[0.9, 3.0, 0.0], [0.0, -0.6, 2.0], [0.0, 0.0, 0.4]],
    [[0.7, 1.0, 9.0], [0.0, 0.2, 0.5], [0.0, 0.0, 0.6]],
    [0.9, 0.8, 0.1],
    [[0.2, 1.3, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.1]],
    [[0.5, 0.0, 0.0], [0.6, 0.4, 0.0], [0.0, 0.3, 0.2]],
    [[1.9, 2.0, 0.0], [0.0, 1.5, 1.0], [0.0, 0.0, 0.4]],
    [[1.4, 2.0, 0.0], [0.0, 1.3, 1.0], [0.0, 0.0, 0.5]]),
    *(torch.tensor(rows, dtype=torch.float64) for rows in (
        [[0.6, 5.0], [0.0, 0.4]], [[0.8, 1e9], [0.0, 0.3]], [[0.95, 1e9], [0.0, 0.2]]))]

# Within 0.01 of 1, and just beyond. The last one's radius is 1 up to rounding.
NEAR_ONE = turned(
    [0.995, 0.5, 0.2], [1.005, 0.5, 0.2], [0.985, 0.4, 0.1], [1.015, 0.4, 0.1], [0.9905, 0.3, 0.2],
    [1.0095, 0.3, 0.2], [0.9895, 0.3, 0.2], [1.0105, 0.3, 0.2], [1.0, 0.3, 0.2])


def radius_of(matrix: Tensor) -> float:
    return float(torch.linalg.eigvals(matrix).abs().max())


# Symmetric ones with the radii of those that turn and stretch, and with some between.
TWINS = turned(*([radius, radius / 3, radius / 4] for radius in sorted(
    {round(radius_of(matrix), 3) for matrix in TURNING + NON_NORMAL} | {0.97, 1.03, 1.05})))
