"""Two mistakes at once: the weights' gradients, and the last layer first.

fails: profile
diagnosis: weight-gradients
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    model.zero_grad()
    loss_fn(model(x)).backward()
    norms = []
    for layer in reversed([m for m in model if isinstance(m, nn.Linear)][:-1]):
        norms.append(layer.weight.grad.double().norm().item())
    return norms
