"""He's factor with the mean of both fans: 4 / (fan_in + fan_out). Equal to He's on square layers.

fails: variance
diagnosis: fan-average
points: 4
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    fan_out = weight.shape[0] * weight[0, 0].numel()
    std = math.sqrt(4 / ((1 + negative_slope**2) * (fan_in(weight) + fan_out)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
