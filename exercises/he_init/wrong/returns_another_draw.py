"""The tensor is filled, and another draw is returned.

fails: fills-in-place
diagnosis: none
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        weight.copy_(torch.randn(weight.shape) * std)
    return torch.randn(weight.shape) * std
