"""A parameter is written to without torch.no_grad().

fails: remedy-net, remedy-is-level
diagnosis: no-grad-missing
cause: raised
points: 3
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        layer.weight.normal_(0, (2 / width) ** 0.5)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
