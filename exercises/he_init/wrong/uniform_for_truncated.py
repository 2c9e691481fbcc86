"""A uniform law between two bounds instead of a truncated normal one.

fails: truncated
diagnosis: uniform-instead-of-normal
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    bound = math.sqrt(6 / fan_in(weight))
    with torch.no_grad():
        return weight.uniform_(-bound, bound)
