"""torch is seeded anew inside: no seed set outside holds any more.

fails: remedy-net
diagnosis: seed-inside
points: 1
"""
import torch
from torch import nn


def remedy(depth, width):
    torch.seed()
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
