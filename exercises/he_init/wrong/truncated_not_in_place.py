"""he_truncated_normal_ rebinds its own name instead of filling the tensor.

fails: truncated
diagnosis: not-in-place
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    weight = torch.randn(weight.shape)
    while (weight.abs() > 2).any():
        weight = torch.where(weight.abs() > 2, torch.randn(weight.shape), weight)
    return weight * std
