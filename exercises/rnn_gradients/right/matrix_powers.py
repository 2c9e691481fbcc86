"""Matrix powers, NumPy's eigenvalues, gradients joined in one vector; a new tensor put in place of each
gradient."""
import numpy as np
import torch


def gradient_through_time(weight, steps):
    ones = torch.ones(len(weight), dtype=torch.float64)
    powers = [torch.linalg.matrix_power(weight.double().T, steps - t) for t in range(1, steps + 1)]
    return torch.stack([(power @ ones).norm() for power in powers])


def regime(weight):
    radius = np.abs(np.linalg.eigvals(weight.numpy())).max()
    return "vanishing" if radius < 0.99 else "exploding" if radius > 1.01 else "stable"


def clip_gradients_(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    norm = torch.cat([p.grad.flatten() for p in parameters]).norm()
    if norm > max_norm:
        for p in parameters:
            p.grad = p.grad * (max_norm / norm)
    return norm
