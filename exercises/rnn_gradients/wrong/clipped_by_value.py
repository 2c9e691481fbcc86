"""Each entry is cut off at max_norm, as clip_grad_value_ does.

fails: clips
diagnosis: clipped-by-value
points: 2
"""
import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g ** 2).sum() for g in gradients)).item()
    if norm > max_norm:
        for g in gradients:
            g.clamp_(-max_norm, max_norm)
    return norm
