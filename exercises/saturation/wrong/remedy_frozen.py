"""The weights are filled with requires_grad switched off, and it stays off.

fails: remedy-net
diagnosis: parameters-frozen
points: 1
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        layer.weight.requires_grad_(False).normal_(0, (2 / width) ** 0.5)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
