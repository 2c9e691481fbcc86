"""The spectral norm taken for the spectral radius: the two agree for symmetric matrices only.

fails: stretching-matrices
diagnosis: largest-singular-value
points: 2
"""
import torch


def regime(weight):
    radius = torch.linalg.matrix_norm(weight, 2).item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
