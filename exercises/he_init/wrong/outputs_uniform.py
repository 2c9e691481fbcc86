"""U(-1/sqrt(n), 1/sqrt(n)) with n = shape[0], the outputs, and the slope forgotten.

In public reinforcement-learning code, often copied.

fails: variance, gaussian, negative-slope, signal-at-depth, gradient-at-depth
diagnosis: default-of-fan-out, uniform-instead-of-normal, negative-slope-ignored
points: 10 (law, width and slope are wrong, and the net of 30 layers is what the width is for)
"""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    bound = 1 / math.sqrt(weight.shape[0] * weight[0, 0].numel())
    with torch.no_grad():
        return weight.uniform_(-bound, bound)
