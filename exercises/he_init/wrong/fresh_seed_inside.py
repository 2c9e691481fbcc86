"""torch is seeded anew in each call: draws differ, but no seed set outside holds any more.

fails: independent
diagnosis: seed-inside
points: 2
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    torch.seed()
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, std)
