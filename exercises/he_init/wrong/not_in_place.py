"""New weights are returned, and the tensor that was passed in is left as it was.

fails: fills-in-place
diagnosis: not-in-place
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    return torch.randn_like(weight) * std
