"""The list lives on the model, as an attribute: the second call goes on where the first one ended.

fails: leaves-the-model-alone
diagnosis: results-pile-up
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    if not hasattr(model, "profile"):
        model.profile = []
    kept = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            kept.append(x)
    for g in torch.autograd.grad(loss_fn(x), kept[:-1]):
        model.profile.append(g.double().norm().item())
    return list(model.profile)
