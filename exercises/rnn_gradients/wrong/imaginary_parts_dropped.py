"""The eigenvalues' imaginary parts are thrown away, as a warning about complex numbers suggests.

fails: turns-and-flips
diagnosis: imaginary-parts-dropped
points: 1
"""
import torch


def regime(weight):
    radius = torch.linalg.eigvals(weight).real.abs().max().item()
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
