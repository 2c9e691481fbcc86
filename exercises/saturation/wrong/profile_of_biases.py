"""The gradients of the biases: each is a sum over the batch, in which inputs cancel.

fails: profile
diagnosis: bias-gradients
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    model.zero_grad()
    loss_fn(model(x)).backward()
    linear = [m for m in model if isinstance(m, nn.Linear)]
    return [m.bias.grad.double().norm().item() for m in linear[:-1]]
