"""The step is made within the loop over the layers: once for each of them.

fails: one-step
diagnosis: none
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    ratios = {}
    for name, m in model.named_modules():
        if isinstance(m, nn.Linear):
            before = m.weight.detach().clone()
            optimizer_step()
            ratios[name] = ((m.weight - before).norm() / before.norm()).item()
    return ratios
