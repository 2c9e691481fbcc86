"""Backpropagation written out, layer by layer, with autograd only for each activation's own derivative."""
import torch
from torch import nn


def sigmoid_derivative(z):
    return torch.sigmoid(z) * torch.sigmoid(-z)


def saturated_fraction(activations, threshold=0.01):
    count = 0
    for a in activations.flatten().tolist():
        if a < threshold or a > 1 - threshold:
            count += 1
    return count / activations.numel()


def gradient_profile(model, x, loss_fn):
    layers = list(model)
    zs, a = [], x.double()
    for linear, activation in zip(layers[:-1:2], layers[1::2], strict=True):
        z = (a @ linear.weight.detach().double().T + linear.bias.detach().double()).requires_grad_()
        zs.append(z)
        a = activation(z).detach()
    output = (a @ layers[-1].weight.detach().double().T + layers[-1].bias.detach().double()).requires_grad_()
    delta, = torch.autograd.grad(loss_fn(output), output)
    norms = []
    for i in reversed(range(len(zs))):
        upstream = delta @ layers[2 * i + 2].weight.detach().double()
        delta, = torch.autograd.grad(layers[2 * i + 1](zs[i]), zs[i], upstream)
        norms.append(delta.norm().item())
    return norms[::-1]


def remedy(depth, width):
    blocks = [nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(depth)]
    model = nn.Sequential(*blocks, nn.Linear(width, 1))

    def init(module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, (2 / module.in_features) ** 0.5)
            nn.init.zeros_(module.bias)

    return model.apply(init)
