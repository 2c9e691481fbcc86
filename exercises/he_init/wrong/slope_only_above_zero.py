"""A slope below zero is taken for none.

fails: negative-slope
diagnosis: negative-slope-ignored
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    slope = max(0.0, negative_slope)
    std = math.sqrt(2 / ((1 + slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
