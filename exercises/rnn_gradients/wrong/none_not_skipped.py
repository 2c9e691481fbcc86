"""No look at whether there is a gradient.

fails: skips-none
diagnosis: none
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
