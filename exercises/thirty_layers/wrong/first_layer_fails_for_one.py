"""depth - 2 hidden layers between a first and a last one: build(1, ...) has two layers.

fails: layers
diagnosis: none
points: 2
"""
import math

from torch import nn


def build(depth, width, init):
    if init not in ("he", "xavier", "normal"):
        raise ValueError(init)

    def linear(fan_in, fan_out):
        layer = nn.Linear(fan_in, fan_out)
        std = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 0.01}[init]
        nn.init.normal_(layer.weight, std=std)
        nn.init.zeros_(layer.bias)
        return layer

    layers = [linear(64, width), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers, linear(width, 10))
