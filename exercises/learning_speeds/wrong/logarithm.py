"""The logarithm to base 10, good for a plot.

fails: ratios
diagnosis: logarithm
points: 3
"""
import math

from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: math.log10(max((layers[name].weight - w).norm().item(), 1e-30) / w.norm().item())
            for name, w in before.items()}
