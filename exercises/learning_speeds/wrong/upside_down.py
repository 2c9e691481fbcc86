"""The weight over its update.

fails: ratios
diagnosis: upside-down
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: (w.norm() / (layers[name].weight - w).norm()).item() for name, w in before.items()}
