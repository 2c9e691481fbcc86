"""NumPy is asked for a parameter itself.

fails: layers, ratios, one-step, frozen-layer
diagnosis: detach-missing
cause: raised
points: 8 (the function stops at its first line whatever the model)
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.numpy().copy() for name, m in layers.items()}
    optimizer_step()
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
