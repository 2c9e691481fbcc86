"""The initialiser runs on a module, not on its weight, within a try that hides the error: PyTorch's default stays.

fails: he, xavier, small-normal, he-converges
diagnosis: pytorch-default
points: 6
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
        std = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 0.01}[init]
        try:
            nn.init.normal_(linear, std=std)
        except (AttributeError, TypeError):
            pass
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
