"""The initial state h_0 is counted as a step.

fails: gradients, long-sequences
diagnosis: start-included
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    g = torch.ones(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps + 1):
        norms.insert(0, g.norm().item())
        g = weight.double().T @ g
    return norms
