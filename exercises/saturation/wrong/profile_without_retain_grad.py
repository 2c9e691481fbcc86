"""z.grad of a tensor that is no leaf is None: reading it raises.

fails: profile, tiny-gradients, any-activation, leaves-the-model-alone
diagnosis: grad-not-retained
cause: raised
points: 6 (nothing can be looked at: the function raises)
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
    return [z.grad.double().norm().item() for z in kept[:-1]]
