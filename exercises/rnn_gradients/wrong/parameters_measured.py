"""The norm is that of the parameters: p.norm() in place of p.grad.norm().

fails: clips, returns-the-norm, small-gradients
diagnosis: parameter-norm
points: 4
"""
import torch


def clip_gradients_(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((p.detach() ** 2).sum() for p in parameters)).item()
    if norm > max_norm:
        for p in parameters:
            p.grad.mul_(max_norm / norm)
    return norm
