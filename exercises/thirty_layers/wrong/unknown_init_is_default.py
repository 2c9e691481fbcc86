"""An unknown word falls through to the last branch, so that a misspelt init goes unnoticed.

fails: unknown-init
diagnosis: none
points: 1
"""
import math

from torch import nn


def build(depth, width, init):
    init = init if init in ("he", "xavier") else "normal"
    sizes = [64] + [width] * (depth - 1) + [10]
    layers = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        linear = nn.Linear(fan_in, fan_out)
        std = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 0.01}[init]
        nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
