"""detach() shares the numbers with the parameter, so it keeps nothing.

fails: ratios
diagnosis: no-copy
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    return {name: ((m.weight.detach() - w).norm() / w.norm()).item()
            for (name, w), m in zip(before.items(), (m for m in model.modules() if isinstance(m, nn.Linear)))}
