"""Layers without a gradient are passed over.

fails: frozen-layer
diagnosis: frozen-left-out
points: 1
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules()
              if isinstance(m, nn.Linear) and m.weight.grad is not None}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w).norm() / w.norm()).item() for name, w in before.items()}
