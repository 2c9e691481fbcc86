"""The gradient at the weight, which sums over all steps and hides whether early ones vanish.

fails: gradients, long-sequences
diagnosis: none
points: 4
"""
import torch


def gradient_through_time(weight, steps):
    weight = weight.double().requires_grad_()
    h = torch.ones(len(weight), dtype=torch.float64)
    norms = []
    for _ in range(steps):
        h = weight @ h
        norms.append(torch.autograd.grad(h.sum(), weight, retain_graph=True)[0].norm().item())
    return norms[::-1]
