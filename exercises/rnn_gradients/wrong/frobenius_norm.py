"""weight.norm() taken for the spectral radius.

fails: regimes, turns-and-flips, stretching-matrices, near-one
diagnosis: frobenius-norm
points: 5
"""
import torch


def regime(weight):
    radius = weight.norm().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
