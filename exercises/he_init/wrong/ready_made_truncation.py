"""trunc_normal_ is called, with the right bounds.

fails: truncated
diagnosis: none
cause: forbidden
points: 2
"""
import math

from torch import nn


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    return nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
