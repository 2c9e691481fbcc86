"""Functions made by functions; Box-Muller by hand; seeds drawn from torch's own numbers for a generator."""
import math

import torch
from torch import nn

without_gradient = torch.no_grad()


def generator():
    return torch.Generator().manual_seed(int(torch.randint(2**62, (1,))))


def box_muller(count):
    own = generator()
    radius = (-2 * torch.rand(count, generator=own, dtype=torch.float64).clamp_min(1e-300).log()).sqrt()
    angle = 2 * math.pi * torch.rand(count, generator=own, dtype=torch.float64)
    return radius * angle.cos()


def inside(count):
    found = torch.empty(0, dtype=torch.float64)
    while len(found) < count:
        more = box_muller(count)
        found = torch.cat([found, more[more.abs() <= 2]])
    return found[:count]


def filling(draw, widening=1.0):
    def fill_(weight, negative_slope=0.0):
        std = widening * (2 / ((1 + negative_slope**2) * fan_in(weight))) ** 0.5
        with without_gradient:
            weight.copy_((draw(weight.numel()) * std).reshape(weight.shape))
        return weight
    return fill_


def fan_in(weight):
    try:
        return weight[0, ...].numel() * (weight.shape[1] > 0)
    except IndexError:
        raise ValueError("no fan-in") from None


he_normal_ = filling(box_muller)
he_truncated_normal_ = filling(inside, 1 / 0.87962566103423978)


def init_weights(module):
    fill = {nn.Linear: he_normal_, nn.Conv1d: he_normal_, nn.Conv2d: he_normal_, nn.Conv3d: he_normal_}
    for kind, fill_ in fill.items():
        if isinstance(module, kind):
            fill_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
