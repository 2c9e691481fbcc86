"""The update is taken to be the gradient times the learning rate of the notebook's example.

fails: ratios
diagnosis: gradient-ratio
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    norms = {name: m.weight.detach().norm() for name, m in layers.items()}
    optimizer_step()
    return {name: 0.0 if m.weight.grad is None else (0.1 * m.weight.grad.norm() / norms[name]).item()
            for name, m in layers.items()}
