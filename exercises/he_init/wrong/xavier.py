"""Xavier's scaling under He's name: 2 / (fan_in + fan_out).

Seen in several libraries.

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: xavier-scaling
points: 8 (the net of 30 layers, 4 of these points, is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    fan_out = weight.shape[0] * weight[0, 0].numel()
    std = math.sqrt(2 / ((1 + negative_slope**2) * (fan_in(weight) + fan_out)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
