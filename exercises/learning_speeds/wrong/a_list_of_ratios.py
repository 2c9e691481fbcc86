"""A list of numbers without names.

fails: layers
diagnosis: none
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    before = [m.weight.detach().clone() for m in linear]
    optimizer_step()
    return [((m.weight - w).norm() / w.norm()).item() for m, w in zip(linear, before)]
