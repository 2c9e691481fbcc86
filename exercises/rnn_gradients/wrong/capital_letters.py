"""The right names with a capital letter.

fails: regimes
diagnosis: spelled-otherwise
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().max().item()
    if abs(radius - 1) <= 0.01:
        return "Stable"
    return "Vanishing" if radius < 1 else "Exploding"
