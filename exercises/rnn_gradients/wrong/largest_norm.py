"""The largest of the single norms stands for all.

fails: clips, returns-the-norm
diagnosis: largest-norm
points: 3
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = max(g.norm().item() for g in gradients)
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
