"""A radius above 1 is called vanishing.

fails: regimes
diagnosis: names-swapped
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().max().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius > 1 else "exploding"
