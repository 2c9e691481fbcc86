"""The largest eigenvalue by its real part: a negative or complex one is overlooked.

fails: turns-and-flips
diagnosis: real-parts-only
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).real.max().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
