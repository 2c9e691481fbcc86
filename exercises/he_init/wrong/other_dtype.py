"""numpy's float64 numbers are put in place of a float32 weight.

fails: fills-in-place
diagnosis: none
points: 1
"""
import math

import numpy as np
import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    weight.data = torch.from_numpy(np.random.normal(0.0, std, size=tuple(weight.shape)))
    return weight
