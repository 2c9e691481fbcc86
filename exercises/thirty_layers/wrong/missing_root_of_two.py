"""std = 2 / sqrt(fan_in): the 2 is outside the root. The signal grows by sqrt(2) in each layer.

fails: he, he-converges
diagnosis: doubled-variance
points: 4
"""
import math

from torch import nn


def build(depth, width, init):
    if init not in ("he", "xavier", "normal"):
        raise ValueError(init)
    sizes = [64] + [width] * (depth - 1) + [10]
    layers = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        linear = nn.Linear(fan_in, fan_out)
        std = {"he": 2 / math.sqrt(fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 0.01}[init]
        nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
