"""The derivative number by number, in float32; a module of its own, its output layer defined before the
hidden ones."""
import math

import torch
from torch import nn


def sigmoid_derivative(z):
    def one(v):
        s = 1 / (1 + math.exp(-v)) if v > -700 else 0.0
        return s * (1 - s)
    return torch.tensor([one(v) for v in z.flatten().tolist()]).reshape(z.shape)


class Remedy(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.output = nn.Linear(width, 1)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        for layer in self.hidden:
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / width))
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.output(x)


def remedy(depth, width):
    return Remedy(depth, width)
