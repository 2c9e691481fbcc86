"""[layer, relu] * n: the hidden layer stands there many times, but it is one.

fails: layers, he-converges
diagnosis: shared-layers
points: 4
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

    if depth == 1:
        return nn.Sequential(linear(64, 10))
    hidden = [linear(width, width), nn.ReLU()] * (depth - 2)
    return nn.Sequential(linear(64, width), nn.ReLU(), *hidden, linear(width, 10))
