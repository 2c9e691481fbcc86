"""The weights before are kept without a copy: after the step they are the weights after.

fails: ratios
diagnosis: no-copy
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    return {name: ((m.weight - before[name]).norm() / before[name].norm()).item()
            for name, m in model.named_modules() if isinstance(m, nn.Linear)}
