"""The update is held against the weight after the step.

fails: ratios
diagnosis: divided-by-new-weight
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w).norm() / layers[name].weight.norm()).item() for name, w in before.items()}
