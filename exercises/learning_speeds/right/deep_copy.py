"""A deep copy of the model before the step, submodules looked up by name, logarithms for the factor."""
import copy
import math

import torch
from torch import nn


def update_ratios(model, optimizer_step):
    old = copy.deepcopy(model)
    optimizer_step()
    ratios = {}
    for name, module in old.named_modules():
        if isinstance(module, nn.Linear):
            update = model.get_submodule(name).weight - module.weight
            ratios[name] = torch.linalg.matrix_norm(update) / torch.linalg.matrix_norm(module.weight)
    return ratios


def factor_per_layer(ratios):
    logs = [math.log(ratio) for ratio in ratios.values()]
    return math.exp((logs[-1] - logs[0]) / (len(logs) - 1))
