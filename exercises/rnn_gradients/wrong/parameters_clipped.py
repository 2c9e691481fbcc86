"""The parameters are scaled instead of their gradients.

fails: clips, small-gradients, skips-none, takes-an-iterator
diagnosis: parameters-clipped, nothing-changed
points: 5
"""
import torch


def clip_gradients_(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((p.grad ** 2).sum() for p in parameters)).item()
    if norm > max_norm:
        for p in parameters:
            p.data.mul_(max_norm / norm)
    return norm
