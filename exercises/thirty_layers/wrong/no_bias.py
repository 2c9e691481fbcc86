"""Layers without a bias, since it would be zero anyway.

fails: biases-zero
diagnosis: bias-left-out
points: 1
"""
import math

from torch import nn


def build(depth, width, init):
    if init not in ("he", "xavier", "normal"):
        raise ValueError(init)
    sizes = [64] + [width] * (depth - 1) + [10]
    layers = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        linear = nn.Linear(fan_in, fan_out, bias=False)
        std = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 0.01}[init]
        nn.init.normal_(linear.weight, std=std)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
