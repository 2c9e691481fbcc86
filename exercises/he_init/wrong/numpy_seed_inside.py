"""A numpy generator with a fixed seed is made in every call.

fails: independent
diagnosis: same-draw-every-time
points: 2
"""
import math

import numpy as np
import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    draws = np.random.default_rng(42).normal(0.0, std, size=tuple(weight.shape))
    with torch.no_grad():
        return weight.copy_(torch.from_numpy(draws))
