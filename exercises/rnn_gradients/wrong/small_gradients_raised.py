"""Always scaled to max_norm, also where the norm is below it.

fails: small-gradients
diagnosis: small-gradients-raised
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    for g in gradients:
        g.mul_(max_norm / norm)
    return norm
