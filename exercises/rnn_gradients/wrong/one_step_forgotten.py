"""A list that begins with two entries: right from two steps on.

fails: gradients
diagnosis: none
points: 3
"""
import torch


def gradient_through_time(weight, steps):
    weight = weight.double()
    gradients = [torch.ones(len(weight), dtype=torch.float64)]
    gradients.append(weight.T @ gradients[0])
    for _ in range(steps - 2):
        gradients.append(weight.T @ gradients[-1])
    return [gradient.norm().item() for gradient in reversed(gradients)]
