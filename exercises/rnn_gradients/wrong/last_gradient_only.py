"""The norm is assigned anew in each round, so the last parameter decides.

fails: clips, returns-the-norm
diagnosis: none
points: 3
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    for g in gradients:
        norm = g.norm().item()
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
