"""Multiplied first, measured afterwards: off by one step.

fails: gradients, long-sequences
diagnosis: one-power-too-many
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    g = torch.ones(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps):
        g = weight.double().T @ g
        norms.insert(0, g.norm().item())
    return norms
