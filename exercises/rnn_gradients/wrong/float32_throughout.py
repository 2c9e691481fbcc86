"""All in float32, which ends at 3e38.

fails: long-sequences
diagnosis: float32-range
points: 1
"""
import torch


def gradient_through_time(weight, steps):
    weight = weight.clone()
    g = torch.ones(len(weight), dtype=weight.dtype)
    norms = []
    for _ in range(steps):
        norms.insert(0, g.norm().item())
        g = weight.T @ g
    return norms
