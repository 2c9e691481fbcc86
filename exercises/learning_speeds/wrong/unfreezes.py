"""`requires_grad` is taken away for the measuring, and given to every parameter afterwards.

fails: frozen-layer
diagnosis: unfrozen
points: 1
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    model.requires_grad_(False)
    model.requires_grad_(True)
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
