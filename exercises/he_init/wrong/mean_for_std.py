"""normal_(std): the first positional argument is the mean, so this is N(std, 1).

From a blog whose "exploding" curves were made by it.

fails: mean, variance, signal-at-depth, gradient-at-depth
diagnosis: mean-for-std
points: 9 (mean and width are wrong, and the net of 30 layers is what they are for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(std)
