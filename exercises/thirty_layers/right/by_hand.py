"""Nothing ready-made: weights drawn with randn, log-softmax and momentum written out, torch.autograd.grad."""
import math

import torch
from torch import nn


def build(depth, width, init):
    match init:
        case "he":
            std = lambda fan_in, fan_out: (2 / fan_in) ** 0.5
        case "xavier":
            std = lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5
        case "normal":
            std = lambda fan_in, fan_out: 1e-2
        case _:
            raise ValueError("unknown init: " + str(init))
    net = nn.Sequential()
    n_in = 64
    for number in range(1, depth + 1):
        n_out = 10 if number == depth else width
        layer = nn.Linear(n_in, n_out)
        layer.weight.data = torch.randn(n_out, n_in) * std(n_in, n_out)
        layer.bias.data.zero_()
        net.add_module(f"linear{number}", layer)
        if number < depth:
            net.add_module(f"relu{number}", nn.ReLU())
        n_in = n_out
    return net


def train(model, steps, lr):
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(p) for p in parameters]
    losses = []
    while len(losses) < steps:
        x, y = next_batch()
        log_p = torch.log_softmax(model(x), dim=1)
        loss = -log_p[torch.arange(len(y)), y].mean()
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, v, g in zip(parameters, velocities, gradients, strict=True):
                v.mul_(0.9).add_(g)
                p -= lr * v
        losses.append(float(loss))
    return losses


def verdict(losses):
    if any(math.isnan(loss) or math.isinf(loss) for loss in losses):
        return "diverges"
    m = math.fsum(losses[-10:]) / min(len(losses), 10)
    return "diverges" if m > 3.0 else "stalls" if m >= 2.0 else "converges"
