"""A first step to warm up, a second one within the loop that compares.

fails: one-step
diagnosis: two-steps
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    optimizer_step()
    return {name: ((layers[name].weight - w).norm() / w.norm()).item() for name, w in before.items()}
