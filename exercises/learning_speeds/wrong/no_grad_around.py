"""The whole function runs inside torch.no_grad(), the step's own forward pass and backward too.

fails: layers, ratios, one-step, frozen-layer
diagnosis: no-grad-around-the-step
cause: raised
points: 8 (no step of training can be made, so there is nothing to look at)
"""
import torch
from torch import nn


@torch.no_grad()
def update_ratios(model, optimizer_step):
    before = {name: m.weight.clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w).norm() / w.norm()).item() for name, w in before.items()}
