"""PyTorch's own clip_grad_norm_, which this exercise asks to write.

fails: clips, returns-the-norm, small-gradients, skips-none, takes-an-iterator
diagnosis: none
cause: forbidden
points: 6 (the whole function is PyTorch's)
"""
import torch


def clip_gradients_(parameters, max_norm):
    return torch.nn.utils.clip_grad_norm_(parameters, max_norm).item()
