"""Gradients of 0 are divided by their norm: tensors become NaN and raise nothing.

fails: small-gradients
diagnosis: divided-by-zero
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients))
    for g in gradients:
        g.copy_(g / norm * norm.clamp(max=max_norm))
    return norm.item()
