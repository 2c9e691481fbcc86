"""Objects with __call__ for functions; the grad switch is in init_weights; torch.nn.init fills."""
import math
from functools import reduce
from operator import mul

import torch
from torch import nn


class FanIn:
    def __call__(self, weight):
        sides = list(weight.shape)
        if len(sides) < 2:
            raise ValueError(f"{sides} has no fan-in")
        return reduce(mul, sides[1:], 1)


class Filler:
    """Fills a weight with draws of its own, made elsewhere."""

    def __init__(self, draw, count):
        self.draw, self.count = draw, count

    def __call__(self, weight, negative_slope=0.0):
        std = math.sqrt(2 / (1 + negative_slope**2) / self.count(weight))
        nn.init.constant_(weight, 0.0)
        with torch.no_grad():
            weight += self.draw(weight.shape) * std
        return weight


def cut(shape):
    draws = torch.randn(shape)
    outside = draws.abs() > 2
    while torch.any(outside):
        draws = torch.where(outside, torch.randn(shape), draws)
        outside = draws.abs() > 2
    return draws / 0.87962566103423978


class Init:
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)

    @torch.no_grad()
    def __call__(self, module):
        if isinstance(module, self.kinds):
            he_normal_(module.weight)
            if isinstance(module.bias, nn.Parameter):
                module.bias.zero_()


fan_in = FanIn()
he_normal_ = Filler(torch.randn, fan_in)
he_truncated_normal_ = Filler(cut, fan_in)
init_weights = Init()
