"""a * abs(a) in place of a squared: right for a positive slope.

fails: negative-slope
diagnosis: none
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope * abs(negative_slope)) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
