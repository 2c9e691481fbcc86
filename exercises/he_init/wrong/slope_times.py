"""The factor 1 + a^2 stands above the line.

fails: negative-slope
diagnosis: slope-times
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 * (1 + negative_slope**2) / fan_in(weight))
    with torch.no_grad():
        return weight.normal_(0.0, std)
