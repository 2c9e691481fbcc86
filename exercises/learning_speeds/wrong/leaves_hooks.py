"""Hooks on the layers note which were used, and are never removed.

fails: one-step
diagnosis: none
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    used = []
    for m in layers.values():
        m.register_forward_hook(lambda m, x, y: used.append(m))
    optimizer_step()
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
