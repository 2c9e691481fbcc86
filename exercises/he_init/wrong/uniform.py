"""He's uniform law: right in variance, but no normal law.

fails: gaussian
diagnosis: uniform-instead-of-normal
points: 1
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    bound = math.sqrt(6 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.uniform_(-bound, bound)
