"""The step is given the model.

fails: layers, ratios, one-step, frozen-layer
diagnosis: step-with-arguments
cause: raised
points: 8 (the step cannot be made)
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step(model)
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
