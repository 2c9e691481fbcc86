"""Words of one's own in place of the three names.

fails: regimes
diagnosis: none
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).abs().max().item()
    return "shrinks" if radius < 0.99 else "grows" if radius > 1.01 else "stays"
