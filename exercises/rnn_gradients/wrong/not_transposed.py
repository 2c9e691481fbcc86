"""The gradient is multiplied by W, as the state is, instead of by its transpose.

fails: gradients, long-sequences
diagnosis: not-transposed
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    g = torch.ones(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps):
        norms.append(g.norm().item())
        g = weight.double() @ g
    return norms[::-1]
