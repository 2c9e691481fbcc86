"""The determinant, which is the product of all eigenvalues.

fails: regimes, turns-and-flips, near-one
diagnosis: determinant
points: 3
"""
import torch


def regime(weight):
    radius = torch.linalg.det(weight).abs().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
