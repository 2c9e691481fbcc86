"""Two mistakes that have nothing to do with each other: both are told.

fails: leaves-the-model-alone
diagnosis: mode-changed+hooks-left
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    model.eval()
    kept = []
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    for layer in layers:
        layer.register_forward_hook(lambda module, given, z: kept.append(z))
    loss = loss_fn(model(x))
    gradients = torch.autograd.grad(loss, kept[-len(layers):-1])
    return [g.double().norm().item() for g in gradients]
