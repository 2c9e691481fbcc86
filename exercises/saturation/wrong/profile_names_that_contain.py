"""A layer is told by its name: whatever has Linear in it counts.

fails: any-activation
diagnosis: none
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []
    for layer in model:
        x = layer(x)
        if "Linear" in type(layer).__name__:
            kept.append(x)
    gradients = torch.autograd.grad(loss_fn(x), kept[:-1])
    return [g.double().norm().item() for g in gradients]
