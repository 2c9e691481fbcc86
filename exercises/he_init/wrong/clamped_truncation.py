"""The tails are moved onto the bounds instead of being drawn again.

fails: truncated
diagnosis: clamped-truncation
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    with torch.no_grad():
        return weight.normal_(0.0, std).clamp_(-2 * std, 2 * std)
