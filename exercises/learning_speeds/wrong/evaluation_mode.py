"""The model is put into evaluation mode for the measuring, and stays in it.

fails: one-step
diagnosis: none
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    model.eval()
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
