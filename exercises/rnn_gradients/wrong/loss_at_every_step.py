"""Every state enters the loss, as when a network gives an output at each step.

fails: gradients, long-sequences
diagnosis: loss-at-every-step
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    h = torch.zeros(len(weight), dtype=torch.float64, requires_grad=True)
    states = []
    for _ in range(steps):
        h = weight.double() @ h
        states.append(h)
    loss = sum(state.sum() for state in states)
    return [g.norm().item() for g in torch.autograd.grad(loss, states)]
