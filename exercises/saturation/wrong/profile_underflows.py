"""The norm is taken in float32, where the squares of entries below 1e-23 are 0.

fails: tiny-gradients
diagnosis: norm-underflow
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            kept.append(x)
    gradients = torch.autograd.grad(loss_fn(x), kept[:-1])
    return [g.norm().item() for g in gradients]
