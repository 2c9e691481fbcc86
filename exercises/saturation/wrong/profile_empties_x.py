"""The input is set to zero when it is no longer needed: it is the caller's.

fails: leaves-the-model-alone
diagnosis: input-changed
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept, a = [], x
    for layer in model:
        a = layer(a)
        if isinstance(layer, nn.Linear):
            kept.append(a)
    gradients = torch.autograd.grad(loss_fn(a), kept[:-1])
    x.zero_()
    return [g.double().norm().item() for g in gradients]
