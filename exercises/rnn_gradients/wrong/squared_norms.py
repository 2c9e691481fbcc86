"""The sum of squares without the root.

fails: gradients, long-sequences
diagnosis: squared-norm
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    g = torch.ones(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps):
        norms.insert(0, (g ** 2).sum().item())
        g = weight.double().T @ g
    return norms
