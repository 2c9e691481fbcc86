"""A model's profile is worked out once and remembered.

fails: leaves-the-model-alone
diagnosis: answers-kept
points: 1
"""
import torch
from torch import nn

known = {}


def gradient_profile(model, x, loss_fn):
    if id(model) not in known:
        kept = []
        for layer in model:
            x = layer(x)
            if isinstance(layer, nn.Linear):
                kept.append(x)
        gradients = torch.autograd.grad(loss_fn(x), kept[:-1])
        known[id(model)] = [g.double().norm().item() for g in gradients]
    return known[id(model)]
