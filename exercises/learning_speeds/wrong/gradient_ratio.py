"""The gradient stands for the update: the learning rate is missing, and what the optimizer makes of it.

fails: ratios
diagnosis: gradient-ratio
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: 0.0 if layers[name].weight.grad is None else (layers[name].weight.grad.norm() / w.norm()).item()
            for name, w in before.items()}
