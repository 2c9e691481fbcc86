"""Backward hooks append as the backward pass meets the layers: the last one first.

fails: profile
diagnosis: last-to-first
points: 3
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    norms = []
    linear = [m for m in model if isinstance(m, nn.Linear)]
    handles = [m.register_full_backward_hook(lambda m, gi, go: norms.append(go[0].double().norm().item()))
               for m in linear[:-1]]
    loss_fn(model(x)).backward()
    for handle in handles:
        handle.remove()
    return norms
