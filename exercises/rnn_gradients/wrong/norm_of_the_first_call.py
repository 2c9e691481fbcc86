"""The first norm is kept, and returned by every later call.

fails: returns-the-norm
diagnosis: none
points: 1
"""
import math


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(g.double().square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return globals().setdefault("first_norm", norm)
