"""fan_out instead of fan_in: no square layer shows it.

fails: variance
diagnosis: fan-out
points: 4
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    fan_out = weight.shape[0] * weight[0, 0].numel()
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_out))
    with torch.no_grad():
        return weight.normal_(0.0, std)
