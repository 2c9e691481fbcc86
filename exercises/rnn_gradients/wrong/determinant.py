"""The determinant, which is the product of all eigenvalues.

fails: regimes
diagnosis: determinant
"""
import torch


def regime(weight):
    radius = torch.linalg.det(weight).abs().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
