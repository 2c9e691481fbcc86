"""LeCun's scaling, 1 / fan_in, taken for He's: the factor 2 for ReLU is missing.

Seen in several libraries whose "He" was LeCun's rule.

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: lecun-scaling
points: 8 (the net of 30 layers, 4 of these points, is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(1 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
