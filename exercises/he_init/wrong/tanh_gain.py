"""The gain for tanh, 5/3, instead of sqrt(2).

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: tanh-gain
points: 8 (the net of 30 layers, 4 of these points, is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = 5 / 3 / math.sqrt((1 + negative_slope**2) * fan_in(weight))
    with torch.no_grad():
        return weight.normal_(0.0, std)
