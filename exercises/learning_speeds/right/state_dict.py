"""Snapshots of the state dict, NumPy norms, the product of the factors from layer to layer."""
import numpy as np
from torch import nn


def update_ratios(model, optimizer_step):
    def snapshot():
        return {name: value.numpy().copy() for name, value in model.state_dict().items()}

    keys = {name: f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    before = snapshot()
    optimizer_step()
    after = snapshot()
    return {name: np.linalg.norm(after[key] - before[key]) / np.linalg.norm(before[key]) for name,
            key in keys.items()}


def factor_per_layer(ratios):
    speeds = np.array(list(ratios.values()))
    return np.prod(speeds[1:] / speeds[:-1]) ** (1 / (len(speeds) - 1))
