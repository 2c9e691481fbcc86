"""Weights as lists of Python numbers, sums by math.fsum, statistics.geometric_mean."""
import math
import statistics
from itertools import pairwise

from torch import nn


def norm(numbers):
    return math.sqrt(math.fsum(x * x for x in numbers))


def update_ratios(model, optimizer_step):
    def flat(layer):
        return [x for row in layer.weight.tolist() for x in row]

    layers = dict(filter(lambda one: isinstance(one[1], nn.Linear), model.named_modules()))
    before = dict(zip(layers, map(flat, layers.values()), strict=True))
    optimizer_step()
    return {name: norm(a - b for a, b in zip(flat(layer), before[name], strict=True)) / norm(before[name])
            for name, layer in layers.items()}


def factor_per_layer(ratios):
    speeds = list(ratios.values())
    return statistics.geometric_mean(b / a for a, b in pairwise(speeds))
