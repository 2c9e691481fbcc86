"""A tolerance of 0.1, so that 0.9 is stable.

fails: near-one
diagnosis: other-tolerance
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().max().item()
    if abs(radius - 1) <= 0.1 + 1e-9:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
