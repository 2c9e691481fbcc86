"""The gradients of the weights, as in most plots of "gradient flow", not those of the pre-activations.

fails: profile
diagnosis: weight-gradients
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    model.zero_grad()
    loss_fn(model(x)).backward()
    linear = [m for m in model if isinstance(m, nn.Linear)]
    return [m.weight.grad.double().norm().item() for m in linear[:-1]]
