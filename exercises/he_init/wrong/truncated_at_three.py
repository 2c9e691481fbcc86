"""Truncated at three standard deviations, and rescaled for that.

fails: truncated
diagnosis: none
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    draws = torch.randn(weight.shape)
    while (draws.abs() > 3).any():
        draws = torch.where(draws.abs() > 3, torch.randn(weight.shape), draws)
    with torch.no_grad():
        return weight.copy_(draws * math.sqrt(2 / fan_in(weight) / 0.9733369))
