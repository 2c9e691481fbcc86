"""Hidden layers are recognised by the sigmoid that follows them.

fails: any-activation
diagnosis: layers-missing
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []
    for layer in model:
        if isinstance(layer, nn.Sigmoid):
            kept.append(x)
        x = layer(x)
    gradients = torch.autograd.grad(loss_fn(x), kept) if kept else []
    return [g.double().norm().item() for g in gradients]
