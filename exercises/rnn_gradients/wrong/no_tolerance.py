"""Stable only where the computed radius is exactly 1.

fails: near-one
diagnosis: no-tolerance
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().max().item()
    if abs(radius - 1) <= 0.0:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
