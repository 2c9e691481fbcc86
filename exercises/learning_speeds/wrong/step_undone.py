"""The model is put back to where it was after the measurement.

fails: one-step
diagnosis: step-undone
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    ratios = {name: ((layers[name].weight - w).norm() / w.norm()).item() for name, w in before.items()}
    for name, w in before.items():
        layers[name].weight.data.copy_(w)
    return ratios
