"""A seed is set inside the function, "for reproducibility": every layer starts from the same numbers.

fails: independent
diagnosis: same-draw-every-time
points: 2
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    torch.manual_seed(0)
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
