"""sqrt(n) times powers of the largest singular value: an upper bound, taken for the norm.

fails: gradients, long-sequences
diagnosis: powers-of-the-singular-value
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    largest = torch.linalg.matrix_norm(weight.double(), 2).item()
    return [len(weight) ** 0.5 * largest ** (steps - t) for t in range(1, steps + 1)]
