"""`break` where `continue` is meant.

fails: skips-none
diagnosis: stopped-at-none
points: 1
"""
import math


def clip_gradients_(parameters, max_norm):
    gradients = []
    for p in parameters:
        if p.grad is None:
            break
        gradients.append(p.grad)
    norm = math.sqrt(sum((g ** 2).sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
