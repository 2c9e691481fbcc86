"""Mean absolute values in place of norms.

fails: ratios
diagnosis: means-not-norms
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w).abs().mean() / w.abs().mean()).item() for name, w in before.items()}
