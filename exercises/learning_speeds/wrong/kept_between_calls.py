"""The weights before are kept on the layers, and a second call finds those of the first.

fails: one-step
diagnosis: kept-from-the-first-call
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    for m in layers.values():
        if not hasattr(m, "before"):
            m.before = m.weight.detach().clone()
    optimizer_step()
    return {name: ((m.weight.detach() - m.before).norm() / m.before.norm()).item() for name, m in layers.items()}
