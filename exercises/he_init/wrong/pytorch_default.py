"""What PyTorch's own layers start with: U(-1/sqrt(fan_in), 1/sqrt(fan_in)), of variance 1 / (3 fan_in).

fails: variance, gaussian, signal-at-depth, gradient-at-depth
diagnosis: pytorch-default, uniform-instead-of-normal
points: 9 (law and width are wrong, and the net of 30 layers is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    bound = math.sqrt(1 / ((1 + negative_slope**2) * fan_in(weight)))
    with torch.no_grad():
        return weight.uniform_(-bound, bound)
