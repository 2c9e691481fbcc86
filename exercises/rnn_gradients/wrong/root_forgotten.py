"""The sum of squares without the root.

fails: clips, returns-the-norm, small-gradients
diagnosis: root-forgotten
points: 4
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = sum((g ** 2).sum().item() for g in gradients)
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
