"""Weight and bias of a layer, taken together.

fails: ratios
diagnosis: bias-included
points: 3
"""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    def vector(m):
        return torch.cat([p.detach().flatten() for p in m.parameters()])

    before = {name: vector(m) for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((vector(layers[name]) - w).norm() / w.norm()).item() for name, w in before.items()}
