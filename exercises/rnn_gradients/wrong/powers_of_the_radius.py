"""The law of growth in the long run taken for the gradient itself.

fails: gradients, long-sequences
diagnosis: powers-of-the-radius
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    radius = torch.linalg.eigvals(weight.double()).abs().max().item()
    return [radius ** (steps - t) for t in range(1, steps + 1)]
