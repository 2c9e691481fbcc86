"""named_children() does not look into blocks.

fails: layers
diagnosis: top-level-only
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_children() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_children())
    return {name: ((layers[name].weight - w).norm() / w.norm()).item() for name, w in before.items()}
