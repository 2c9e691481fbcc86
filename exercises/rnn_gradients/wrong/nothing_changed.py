"""`g = g * factor` gives the name g to a new tensor; the gradients stay.

fails: clips, small-gradients, skips-none, takes-an-iterator
diagnosis: nothing-changed
points: 5
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    if norm > max_norm:
        for g in gradients:
            g = g * (max_norm / norm)
    return norm
