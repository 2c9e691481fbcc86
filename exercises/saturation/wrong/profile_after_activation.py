"""Hooks on the activation modules keep what they give: the gradient at a, without the factor sigma prime.

fails: profile
diagnosis: activation-gradients
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []
    for layer in model:
        x = layer(x)
        if not isinstance(layer, nn.Linear):
            x.retain_grad()
            kept.append(x)
    loss_fn(x).backward()
    return [a.grad.double().norm().item() for a in kept]
