"""std = 2 / sqrt(fan_in): the 2 belongs under the root.

fails: remedy-is-level
diagnosis: doubled-variance
points: 2
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.normal_(layer.weight, std=2 / width ** 0.5)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
