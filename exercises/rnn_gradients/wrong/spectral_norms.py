"""torch.linalg.norm(g, 2), which of a matrix is its largest singular value.

fails: clips, returns-the-norm
diagnosis: spectral-norm
points: 3
"""
import math

import torch


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = [torch.linalg.norm(g, 2).item() if g.dim() else abs(g.item()) for g in gradients]
    norm = math.sqrt(sum(n * n for n in norms))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
