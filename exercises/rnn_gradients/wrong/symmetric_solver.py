"""eigvalsh, which is faster and real, for a matrix that is not symmetric.

fails: turns-and-flips, stretching-matrices
diagnosis: symmetric-solver
points: 3
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvalsh(weight).abs().max().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
