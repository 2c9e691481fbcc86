"""The norm of each input's gradient, averaged over the batch.

fails: profile
diagnosis: per-sample-mean
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
    return [g.double().norm(dim=1).mean().item() for g in gradients]
