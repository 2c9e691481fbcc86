"""torch.rand, scaled to the right second moment, but never negative.

fails: mean, variance, gaussian, signal-at-depth, gradient-at-depth
diagnosis: only-positive, uniform-instead-of-normal
points: 10 (mean, law and width are wrong, and the net of 30 layers is what they are for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.copy_(torch.rand(weight.shape) * math.sqrt(3) * std)
