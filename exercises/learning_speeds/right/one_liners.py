"""One expression each; the step is made between two snapshots in one row of arguments."""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    return ratios(snapshot(model), optimizer_step(), snapshot(model))


def snapshot(model):
    return {n: m.weight.detach().clone() for n, m in model.named_modules() if isinstance(m, nn.Linear)}


def ratios(old, _, new):
    return {n: (new[n] - old[n]).norm() / old[n].norm() for n in old}


factor_per_layer = (lambda f: lambda ratios: f(list(ratios.values())))(
    lambda speeds: torch.tensor([float(r) for r in speeds], dtype=torch.float64).log().diff().mean().exp())
