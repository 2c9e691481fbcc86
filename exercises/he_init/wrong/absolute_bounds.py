"""Truncated at -2 and 2, not at two standard deviations: nothing is cut off.

fails: truncated
diagnosis: not-truncated
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight))
    with torch.no_grad():
        weight.normal_(0.0, std)
        while (weight.abs() > 2).any():
            weight.normal_(0.0, std)
    return weight
