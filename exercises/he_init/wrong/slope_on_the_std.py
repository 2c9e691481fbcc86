"""The root covers 2 / fan_in only: 1 + a² divides the standard deviation.

fails: negative-slope
diagnosis: slope-applied-to-std
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / fan_in(weight)) / (1 + negative_slope**2)
    with torch.no_grad():
        return weight.normal_(0.0, std)
