"""A seed is set inside: all remedies of one size are one.

fails: remedy-net
diagnosis: same-draw-every-time
points: 1
"""
import torch
from torch import nn


def remedy(depth, width):
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
