"""Truncated at two standard deviations and not rescaled: 77 % of the variance is left.

TensorFlow's own initialisers did this for years (tensorflow#16344).

fails: truncated
diagnosis: uncorrected-truncation
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight))
    draws = torch.randn(weight.shape)
    while (draws.abs() > 2).any():
        draws = torch.where(draws.abs() > 2, torch.randn(weight.shape), draws)
    with torch.no_grad():
        return weight.copy_(draws * std)
