"""The mean of the entries' own ratios: weights near 0 make it large.

fails: ratios
diagnosis: entry-by-entry
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w) / w).abs().mean().item() for name, w in before.items()}
