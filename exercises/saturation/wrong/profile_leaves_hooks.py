"""The hooks stay on the model after the call.

fails: leaves-the-model-alone
diagnosis: hooks-left
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    norms = []
    for layer in [m for m in model if isinstance(m, nn.Linear)][:-1]:
        layer.register_full_backward_hook(lambda m, gi, go: norms.insert(0, go[0].double().norm().item()))
    loss_fn(model(x)).backward()
    return norms
