"""`optimizer_step` without parentheses: it is named, not called.

fails: ratios, one-step
diagnosis: step-not-made
points: 5 (no weight moves, and one step is a promise of its own)
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w).norm() / w.norm()).item() for name, w in before.items()}
