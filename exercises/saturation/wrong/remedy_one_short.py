"""`depth` linear layers in all, the output layer among them.

fails: remedy-net
diagnosis: one-layer-short
points: 1
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth - 1):
        layer = nn.Linear(width, width)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
