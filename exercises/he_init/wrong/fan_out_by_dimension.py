"""he_normal_ counts outputs where the weight has a kernel.

fails: variance
diagnosis: fan-out
points: 4
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    count = fan_in(weight) if weight.dim() == 2 else weight.shape[0] * weight[0, 0].numel()
    with torch.no_grad():
        return weight.normal_(0.0, math.sqrt(2 / ((1 + negative_slope**2) * count)))
