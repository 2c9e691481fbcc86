"""The matrices that `regime` is asked about: each list tells apart what might be taken for the spectral
radius."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Core = Sequence[float] | Sequence[Sequence[float]]   # a diagonal, or a whole matrix


def turned(*cores: Core) -> list[Tensor]:
    """Each core in another orthonormal basis: eigenvalues and singular values stay."""
    generator = torch.Generator().manual_seed(7)
    matrices = []
    for core in cores:
        inner = torch.as_tensor(core, dtype=torch.float64)
        inner = torch.diag(inner) if inner.dim() == 1 else inner
        q, _ = torch.linalg.qr(torch.randn(len(inner), len(inner), dtype=torch.float64, generator=generator))
        matrices.append(q @ inner @ q.T)
    return matrices


def rotation(size: float, degrees: float, third: float = 0.3) -> list[list[float]]:
    """Eigenvalues size * exp(+-i angle) and `third`."""
    c, s = size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees))
    return [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, third]]


# No eigenvalue is negative.
SYMMETRIC_ONES = turned(
    [0.9, 0.8, 0.7, 0.1], [1.3, 0.1, 0.1, 0.0], [0.6, 0.3, 0.3, 0.1], [1.8, 0.5, 0.3, 0.2],
    [1.3, 1.2, 1.1, 0.5], [1.9, 1.5, 0.9, 0.5], [0.9, 0.3, 0.1, 0.0])

# Complex eigenvalues, and negative ones.
TURNING = turned(
    rotation(1.2, 90), rotation(0.8, 45), rotation(1.3, 120, 0.8), rotation(1.1, 60), rotation(0.9, 20),
    [-1.2, 0.3, 0.2], [-0.8, 0.5, 0.1], rotation(1.2, 75), [-0.9, 0.8, -0.1], [-1.3, 1.2, -1.1, 0.5])

# Triangular: the diagonal holds the eigenvalues, what stands above it makes the singular values large.
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
    torch.tensor([[0.6, 5.0], [0.0, 0.4]], dtype=torch.float64)]

# Within 0.01 of 1, and just beyond. The last one's radius is 1 up to rounding.
NEAR_ONE = turned(
    [0.995, 0.5, 0.2], [1.005, 0.5, 0.2], [0.985, 0.4, 0.1], [1.015, 0.4, 0.1], [1.0, 0.3, 0.2])
