"""Level by level: what stands within blocks comes after all that stands outside.

fails: layers
diagnosis: other-order
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in sorted(model.named_modules(), key=lambda one: one[0].count("."))
              if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
