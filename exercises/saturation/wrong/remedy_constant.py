"""All weights alike.

fails: remedy-net, remedy-is-level
diagnosis: none
points: 3
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.constant_(layer.weight, 1e-3)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
