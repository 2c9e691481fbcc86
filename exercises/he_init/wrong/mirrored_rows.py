"""The second half of the rows is the first half with the opposite sign.

fails: independent
diagnosis: none
points: 2
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    half = torch.randn(weight[: weight.shape[0] // 2].shape) * std
    with torch.no_grad():
        return weight.copy_(torch.cat([half, -half]))
