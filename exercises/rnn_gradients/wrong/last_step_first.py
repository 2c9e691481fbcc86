"""The list is in the order in which the backward pass meets the steps.

fails: gradients, long-sequences
diagnosis: last-to-first
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    g = torch.ones(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps):
        norms.append(g.norm().item())
        g = weight.double().T @ g
    return norms
