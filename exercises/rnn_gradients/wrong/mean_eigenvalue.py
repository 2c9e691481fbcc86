"""The mean absolute eigenvalue in place of the largest.

fails: regimes, turns-and-flips, stretching-matrices, near-one
points: 5
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().mean().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
