"""The change of the norm instead of the norm of the change.

fails: ratios
diagnosis: difference-of-norms
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight.norm() - w.norm()).abs() / w.norm()).item() for name, w in before.items()}
