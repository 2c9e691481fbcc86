"""No activation: He's weights in a linear net.

fails: remedy-net, remedy-is-level
diagnosis: no-activation
points: 3
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.Identity()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
