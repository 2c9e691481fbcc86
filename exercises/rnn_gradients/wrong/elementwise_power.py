"""`**` on a tensor: the power of each entry.

fails: gradients, long-sequences
diagnosis: elementwise-power
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    ones = torch.ones(len(weight), dtype=torch.float64)
    return [(weight.double().T ** (steps - t) @ ones).norm().item() for t in range(1, steps + 1)]
