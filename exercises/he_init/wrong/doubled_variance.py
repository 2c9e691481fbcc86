"""The 2 stands outside the root: std = 2 / sqrt(fan_in).

Once in a well-known book's code.

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: doubled-variance
points: 8 (the net of 30 layers, 4 of these points, is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = 2 / math.sqrt((1 + negative_slope**2) * fan_in(weight))
    with torch.no_grad():
        return weight.normal_(0.0, std)
