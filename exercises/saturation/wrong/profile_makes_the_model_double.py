"""model.double() against the underflow: it changes the caller's model for good.

fails: leaves-the-model-alone
diagnosis: model-changed
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    model.double()
    x = x.double()
    kept = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            kept.append(x)
    return [g.norm().item() for g in torch.autograd.grad(loss_fn(x), kept[:-1])]
