"""The norms of the pre-activations themselves: what `kept` holds, not its gradient.

fails: profile
diagnosis: values-not-gradients
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
    return [z.detach().double().norm().item() for z in kept[:-1]]
