"""The keys are the layers themselves, not their names.

fails: layers
diagnosis: none
points: 2
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {m: m.weight.detach().clone() for m in model.modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    return {m: ((m.weight.detach() - w).norm() / w.norm()).item() for m, w in before.items()}
