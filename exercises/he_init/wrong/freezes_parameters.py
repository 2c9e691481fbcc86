"""requires_grad is switched off to be allowed to write, and never on again.

fails: init-weights
diagnosis: parameters-frozen
points: 2
"""
import math

from torch import nn


def he_normal_(weight, negative_slope=0.0):
    weight.requires_grad_(False)
    return weight.normal_(0.0, math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight))))


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            module.bias.requires_grad_(False).zero_()
