"""The factor is returned in place of the norm.

fails: returns-the-norm
diagnosis: factor-returned
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    factor = min(1.0, max_norm / (norm + 1e-6))
    for g in gradients:
        g.mul_(factor)
    return factor
