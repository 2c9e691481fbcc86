"""A factor that is worked out before anyone asks whether it is needed.

fails: small-gradients
diagnosis: divided-by-zero
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    factor = min(1.0, max_norm / norm)
    for g in gradients:
        g.mul_(factor)
    return norm
