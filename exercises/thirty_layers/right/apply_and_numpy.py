"""Initialised by model.apply, zip over an endless iterator of batches, verdict by NumPy."""
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def build(depth, width, init):
    if init not in ("he", "xavier", "normal"):
        raise ValueError("init must be he, xavier or normal")

    def fill(module):
        if isinstance(module, nn.Linear):
            fan_out, fan_in = module.weight.shape
            variance = {"he": 2 / fan_in, "xavier": 2 / (fan_in + fan_out), "normal": 0.01**2}[init]
            with torch.no_grad():
                module.weight.normal_(0, variance**0.5)
                module.bias.fill_(0)

    widths = [64, *[width] * (depth - 1), 10]
    modules = [nn.Linear(widths[0], widths[1])]
    for a, b in pairwise(widths[1:]):
        modules.extend((nn.ReLU(), nn.Linear(a, b)))
    return nn.Sequential(*modules).apply(fill)


def train(model, steps, lr):
    optimizer = torch.optim.SGD([{"params": model.parameters()}], lr=lr, momentum=0.9, foreach=False)

    def one_step(x, y):
        optimizer.zero_grad(set_to_none=False)
        loss = F.nll_loss(F.log_softmax(model(x), -1), y)
        loss.backward()
        optimizer.step()
        return np.float64(loss.item())

    return [one_step(*batch) for _, batch in zip(range(steps), iter(lambda: next_batch(), None),
                                                 strict=False)]


def verdict(losses):
    losses = np.asarray(losses)
    end = losses[-10:].mean()
    if not np.isfinite(losses).all() or end > 3:
        return "diverges"
    return np.where(end < 2, "converges", "stalls").item()
