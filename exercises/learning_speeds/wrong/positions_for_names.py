"""The layers are numbered instead of named.

fails: layers
diagnosis: positions-for-names
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    before = [m.weight.detach().clone() for m in linear]
    optimizer_step()
    return {i: ((m.weight - w).norm() / w.norm()).item() for i, (m, w) in enumerate(zip(linear, before))}
