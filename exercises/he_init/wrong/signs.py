"""Signs times the right standard deviation: the variance is right, and no weight is a draw of its own.

fails: gaussian, independent
diagnosis: none
points: 3
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.copy_(torch.randn(weight.shape).sign() * std)
