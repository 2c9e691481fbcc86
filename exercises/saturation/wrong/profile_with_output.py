"""Every linear layer is taken, the output layer too.

fails: profile
diagnosis: output-layer-included
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            x.retain_grad()
            kept.append(x)
    loss_fn(x).backward()
    return [z.grad.double().norm().item() for z in kept]
