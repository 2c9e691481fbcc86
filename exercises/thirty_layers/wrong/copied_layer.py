"""Hidden layers are deep copies of one: different modules, but the same first weights.

fails: layers
diagnosis: copied-layers
points: 2
"""
import copy
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
    hidden = nn.Sequential(linear(width, width), nn.ReLU())
    blocks = [copy.deepcopy(hidden) for _ in range(depth - 2)]
    return nn.Sequential(linear(64, width), nn.ReLU(), *blocks, linear(width, 10))
