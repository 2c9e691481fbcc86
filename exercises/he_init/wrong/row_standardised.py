"""Every row is standardised to mean 0 and the right variance: rows that sum to zero cancel what the signal has in common.

fails: signal-at-depth
diagnosis: row-standardised
points: 2
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    rows = torch.randn(weight.shape).flatten(1)
    rows = (rows - rows.mean(dim=1, keepdim=True)) / rows.std(dim=1, keepdim=True, correction=0)
    with torch.no_grad():
        return weight.copy_(rows.reshape(weight.shape) * std)
