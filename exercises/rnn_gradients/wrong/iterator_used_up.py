"""Two loops over `parameters`: the second finds nothing left of model.parameters().

fails: takes-an-iterator
diagnosis: iterator-used-up
points: 1
"""
import torch


def clip_gradients_(parameters, max_norm):
    norm = torch.sqrt(sum((p.grad ** 2).sum() for p in parameters if p.grad is not None)).item()
    if norm > max_norm:
        for p in parameters:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm
