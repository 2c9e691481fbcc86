"""Only the first half of the rows is filled.

fails: fills-in-place, signal-at-depth, gradient-at-depth
diagnosis: none
points: 5
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        weight[: weight.shape[0] // 2].normal_(0.0, std)
    return weight
