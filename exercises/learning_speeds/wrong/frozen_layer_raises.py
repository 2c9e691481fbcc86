"""Every layer is taken to have a gradient.

fails: frozen-layer
diagnosis: gradient-of-a-frozen-layer
cause: raised
points: 1
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    moved = {name: layers[name].weight.grad.norm() > 0 for name in before}
    return {name: ((layers[name].weight - w).norm() / w.norm()).item() if moved[name] else 0.0
            for name, w in before.items()}
