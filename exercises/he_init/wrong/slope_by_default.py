"""A leaky ReLU's slope is the default: a quarter of a per cent of the variance is missing where no slope was asked for.

fails: negative-slope
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.05):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
