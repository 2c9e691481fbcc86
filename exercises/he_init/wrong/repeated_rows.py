"""One row is drawn and broadcast over all units: they start alike and stay alike.

fails: independent, signal-at-depth, gradient-at-depth
diagnosis: repeated-rows
points: 6
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.copy_(torch.randn(weight.shape[1:]) * std)
