"""A uniform law of the right width for "normal".

fails: small-normal
diagnosis: not-normal
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
        linear = nn.Linear(fan_in, fan_out)
        if init == "normal":
            nn.init.uniform_(linear.weight, -0.01 * math.sqrt(3), 0.01 * math.sqrt(3))
        else:
            nn.init.normal_(linear.weight, 0.0, math.sqrt(2 / (fan_in + (fan_out if init == "xavier" else 0))))
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
