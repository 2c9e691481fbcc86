"""In place, and so without a return.

fails: returns-the-norm
diagnosis: none
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
