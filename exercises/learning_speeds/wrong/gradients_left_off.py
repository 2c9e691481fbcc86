"""Gradients are switched off for the measuring, and stay off: the next step of training fails.

fails: one-step
diagnosis: no-grad-around-the-step
points: 2
"""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    torch.set_grad_enabled(False)
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
