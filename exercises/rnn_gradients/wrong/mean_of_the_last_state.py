"""The loss is the mean of the last state instead of its sum.

fails: gradients, long-sequences
diagnosis: mean-loss
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    h = torch.zeros(len(weight), dtype=torch.float64, requires_grad=True)
    states = []
    for _ in range(steps):
        h = weight.double() @ h
        states.append(h)
    return [g.norm().item() for g in torch.autograd.grad(h.mean(), states)]
