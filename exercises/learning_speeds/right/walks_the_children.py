"""A recursive walk over the children, an ordered dictionary of floats, a root by torch."""
from collections import OrderedDict

import torch
from torch import nn


def linear_layers(module, prefix=""):
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            yield prefix + name, child
        yield from linear_layers(child, f"{prefix}{name}.")


def update_ratios(model, optimizer_step):
    kept = [(name, layer, torch.tensor(layer.weight.tolist(), dtype=layer.weight.dtype))
            for name, layer in linear_layers(model)]
    optimizer_step()
    with torch.no_grad():
        return OrderedDict((name, float((layer.weight - w).square().sum().sqrt() / w.square().sum().sqrt()))
                           for name, layer, w in kept)


def factor_per_layer(ratios):
    first, *_, last = ratios.values()
    return torch.tensor(last / first, dtype=torch.float64).pow(1 / (len(ratios) - 1))
