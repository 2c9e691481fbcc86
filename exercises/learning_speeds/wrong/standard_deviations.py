"""The ratio of standard deviations, as in well-known lecture plots, which leaves out the mean.

fails: ratios
diagnosis: standard-deviations
points: 3
"""
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    layers = dict(model.named_modules())
    return {name: ((layers[name].weight - w).std() / w.std()).item() for name, w in before.items()}
