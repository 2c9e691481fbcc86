"""What the weight held is multiplied by 0: that leaves NaN where NaN was.

fails: fills-in-place
diagnosis: old-numbers
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.mul_(0).add_(torch.randn(weight.shape) * std)
