"""The norm of the Jacobian dh_T/dh_t, without the gradient at the end.

fails: gradients, long-sequences
diagnosis: matrix-norm
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    power = torch.eye(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps):
        norms.insert(0, power.norm().item())
        power = power @ weight.double()
    return norms
