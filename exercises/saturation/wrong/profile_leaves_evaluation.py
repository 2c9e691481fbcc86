"""model.eval(), and nobody puts the model back.

fails: leaves-the-model-alone
diagnosis: mode-changed
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    model.eval()
    kept = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            kept.append(x)
    gradients = torch.autograd.grad(loss_fn(x), kept[:-1])
    return [g.double().norm().item() for g in gradients]
