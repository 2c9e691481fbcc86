"""A hook on all modules at once is never removed.

fails: leaves-the-model-alone
diagnosis: hooks-left
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    kept = []

    def keep(module, inputs, output):
        if isinstance(module, nn.Linear) and output.requires_grad:
            kept.append(output)

    torch.nn.modules.module.register_module_forward_hook(keep)
    loss = loss_fn(model(x))
    gradients = torch.autograd.grad(loss, kept[:-1])
    return [g.double().norm().item() for g in gradients]
