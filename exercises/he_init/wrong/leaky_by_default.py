"""The default of the negative slope is set to 0.2. The signal at depth does not show it.

fails: variance, init-weights, negative-slope
diagnosis: leaky-by-default
"""
import math

import torch


def he_normal_(weight, negative_slope=0.2):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
