"""Two mistakes in two functions: fan_in counts all entries, he_normal_ leaves out the 2.

fails: fan-in, variance, signal-at-depth, gradient-at-depth
diagnosis: whole-tensor, lecun-scaling
points: 10 (two mistakes, and the net of 30 layers is what the width is for)
"""
import math

import torch


def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.numel()


def he_normal_(weight, negative_slope=0.0):
    with torch.no_grad():
        return weight.normal_(0.0, math.sqrt(1 / ((1 + negative_slope**2) * fan_in(weight))))
