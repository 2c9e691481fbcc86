"""A default value, made once: every call fills the dictionary of the first.

fails: one-step
diagnosis: one-dictionary-for-all
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step, ratios={}):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    for name in list(ratios):
        if name not in layers:
            del ratios[name]
    for name, m in layers.items():
        ratios[name] = ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
    return ratios
