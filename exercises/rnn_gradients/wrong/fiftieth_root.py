"""The radius is estimated as the 50th root of the norm of W^50, too large for a matrix that stretches.

fails: stretching-matrices
diagnosis: finite-power
points: 2
"""
import torch


def regime(weight):
    power = torch.linalg.matrix_power(weight.double(), 50)
    radius = torch.linalg.matrix_norm(power, 2).item() ** (1 / 50)
    if abs(radius - 1) <= 0.01:
        return "stable"
    return "vanishing" if radius < 1 else "exploding"
