"""Ratios that stay tensors without dimensions, in the factor too; a float32 copy of the weights."""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    linear = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    before = {name: torch.tensor(module.weight.tolist()) for name, module in linear.items()}
    optimizer_step()
    return {name: (module.weight.detach() - before[name]).norm() / before[name].norm()
            for name, module in linear.items()}


def factor_per_layer(ratios):
    speeds = [ratio.item() for ratio in ratios.values()]
    return (speeds[-1] / speeds[0]) ** (1 / (len(speeds) - 1))
