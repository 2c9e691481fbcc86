"""The mean absolute value, as in the well-known plot_grad_flow, instead of the norm.

fails: profile
diagnosis: mean-not-norm
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
    gradients = torch.autograd.grad(loss_fn(x), kept[:-1])
    return [g.double().abs().mean().item() for g in gradients]
