"""Missing gradients are filled with zeros: an optimizer with momentum or weight decay then moves them.

fails: skips-none
diagnosis: gradient-invented
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    parameters = list(parameters)
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    norm = torch.sqrt(sum((p.grad ** 2).sum() for p in parameters)).item()
    if norm > max_norm:
        for p in parameters:
            p.grad.mul_(max_norm / norm)
    return norm
