"""The width is worked out once, for the first weight, and kept.

fails: variance, negative-slope, signal-at-depth, gradient-at-depth
diagnosis: small-constant, negative-slope-ignored
points: 9 (width and slope are wrong, and the net of 30 layers is what the width is for)
"""
import math

import torch

width = {}


def he_normal_(weight, negative_slope=0.0):
    if "std" not in width:
        width["std"] = math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.normal_(0.0, width["std"])
