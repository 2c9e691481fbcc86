"""The weights are put back in place, where autograd is watching.

fails: layers, ratios, one-step, frozen-layer
diagnosis: no-grad-missing
cause: raised
points: 8 (the function stops whatever the model)
"""
from torch import nn


def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    ratios = {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
              for name, m in layers.items()}
    for name, m in layers.items():
        m.weight.requires_grad_().copy_(before[name])
    return ratios
