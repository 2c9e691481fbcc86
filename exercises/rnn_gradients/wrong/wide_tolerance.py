"""A tolerance of 0.05 in place of 0.01.

fails: near-one
diagnosis: other-tolerance
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().max().item()
    if abs(radius - 1) <= 0.05:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
