"""torch.linalg.norm(matrix, 2): for a matrix that is the largest singular value.

fails: ratios
diagnosis: spectral-norm
points: 3
"""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: (torch.linalg.norm(layers[name].weight.detach() - w, 2) / torch.linalg.norm(w, 2)).item()
            for name, w in before.items()}
