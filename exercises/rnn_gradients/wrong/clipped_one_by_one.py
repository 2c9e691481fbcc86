"""Each parameter is clipped by its own norm, which turns the direction.

fails: clips
diagnosis: clipped-one-by-one
points: 2
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    for g in gradients:
        own = g.norm().item()
        if own > max_norm:
            g.mul_(max_norm / own)
    return norm
