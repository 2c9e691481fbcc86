"""z.grad of a tensor that is no leaf is None without retain_grad(), taken for a zero gradient.

fails: profile
diagnosis: grad-not-retained
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            kept.append(x)
    loss_fn(x).backward()
    return [0.0 if z.grad is None else z.grad.norm().item() for z in kept[:-1]]
