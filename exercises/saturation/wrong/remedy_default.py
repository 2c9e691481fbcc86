"""ReLU alone, with the weights that nn.Linear starts with.

fails: remedy-is-level
diagnosis: pytorch-default
points: 2
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        pass
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
