"""One number is drawn for each unit and broadcast over its inputs.

fails: independent, signal-at-depth, gradient-at-depth
diagnosis: repeated-columns
points: 6
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    column = torch.randn(weight.shape[0], *[1] * (weight.dim() - 1)) * std
    with torch.no_grad():
        return weight.copy_(column.expand(weight.shape))
