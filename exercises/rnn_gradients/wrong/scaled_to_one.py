"""The gradients are divided by their norm, and max_norm is only the limit.

fails: clips
diagnosis: scaled-to-one
points: 2
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    if norm > max_norm:
        for g in gradients:
            g.div_(norm)
    return norm
