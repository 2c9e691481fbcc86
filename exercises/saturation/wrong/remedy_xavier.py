"""Xavier's initialisation with ReLU: the signal and the gradient shrink by sqrt(2) at each layer.

fails: remedy-is-level
diagnosis: xavier-for-relu
points: 2
"""
import torch
from torch import nn


def remedy(depth, width):
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        nn.init.xavier_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
