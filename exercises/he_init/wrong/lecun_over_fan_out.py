"""Two mistakes at once: LeCun's factor, and the outputs counted.

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: fan-out
points: 8 (two mistakes, and the net of 30 layers is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    count = weight.shape[0] * weight[0, 0].numel()
    with torch.no_grad():
        return weight.normal_(0.0, math.sqrt(1 / ((1 + negative_slope**2) * count)))
