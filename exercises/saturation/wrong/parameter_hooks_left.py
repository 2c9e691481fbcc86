"""Hooks on the parameters that nobody removes.

fails: leaves-the-model-alone
diagnosis: hooks-left
points: 1
"""
import torch
from torch import nn


def gradient_profile(model, x, loss_fn):
    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(lambda p: None)
    pre_activations = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            pre_activations.append(x)
    gradients = torch.autograd.grad(loss_fn(x), pre_activations[:-1])
    return [gradient.double().norm().item() for gradient in gradients]
