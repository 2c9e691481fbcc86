"""The sum of squares is compared with max_norm; the factor has its root.

fails: small-gradients
diagnosis: small-gradients-raised
points: 1
"""
import math


def clip_gradients_(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    squares = sum((g ** 2).sum().item() for g in gradients)
    if squares > max_norm:
        for g in gradients:
            g.mul_(max_norm / math.sqrt(squares))
    return math.sqrt(squares)
