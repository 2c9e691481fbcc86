"""The default of the negative slope is sqrt(5), as PyTorch's own layers call their initialiser: that gives 1 / (3 fan_in).

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: pytorch-default
points: 8 (the net of 30 layers, 4 of these points, is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=math.sqrt(5)):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
