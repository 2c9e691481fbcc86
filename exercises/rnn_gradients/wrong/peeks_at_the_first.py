"""The iterator is asked for its first parameter, which then is gone.

fails: takes-an-iterator
diagnosis: iterator-used-up
points: 1
"""
import math


def clip_gradients_(parameters, max_norm):
    parameters = iter(parameters) if not isinstance(parameters, list) else parameters
    device = next(iter(parameters)).device
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum((g ** 2).sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm).to(device)
    return norm
