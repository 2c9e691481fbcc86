"""A seed is set inside he_truncated_normal_: all layers of a shape get the same weights.

fails: truncated
diagnosis: same-draw-every-time
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    torch.manual_seed(42)
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    with torch.no_grad():
        weight.normal_(0.0, std)
        while (outside := weight.abs() > 2 * std).any():
            weight[outside] = torch.randn(int(outside.sum())) * std
    return weight
