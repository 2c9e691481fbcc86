"""Forward hooks that retain gradients, autograd for the derivative, tensors in a tuple, He uniform in an
nn.Module."""
import copy

import torch
from torch import nn


def sigmoid_derivative(z):
    z = z.detach().requires_grad_()
    return torch.autograd.grad(torch.sigmoid(z).sum(), z)[0]


def saturated_fraction(activations, threshold=0.01):
    middle = (activations - 0.5).abs() > 0.5 - threshold
    return middle.double().mean()


def gradient_profile(model, x, loss_fn):
    model = copy.deepcopy(model).double()
    kept = []

    def keep(module, inputs, output):
        output.retain_grad()
        kept.append(output)

    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    handles = [module.register_forward_hook(keep) for module in linear[:-1]]
    try:
        loss_fn(model(x.double())).backward()
    finally:
        for handle in handles:
            handle.remove()
    return tuple(torch.linalg.vector_norm(z.grad) for z in kept)


class Net(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, 1)
        for layer in self.hidden:
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x).clamp(min=0)
        return self.out(x)


def remedy(depth, width):
    return Net(depth, width)
