"""sqrt(n) times powers of the radius: the law for the long run, taken for every step.

fails: gradients, long-sequences
diagnosis: powers-of-the-radius
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    radius = torch.linalg.eigvals(weight.double()).abs().max().item()
    return [len(weight) ** 0.5 * radius ** (steps - t) for t in range(1, steps + 1)]
