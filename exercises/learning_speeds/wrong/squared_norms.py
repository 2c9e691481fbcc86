"""Sums of squares without the root.

fails: ratios
diagnosis: squared-norms
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: (((layers[name].weight - w) ** 2).sum() / (w ** 2).sum()).item() for name, w in before.items()}
