"""The optimizer's own closure measures the loss, each layer kept in an OrderedDict."""
from collections import OrderedDict
from math import isfinite, sqrt
from statistics import fmean

import torch
from torch import nn


def build(depth, width, init):
    stds = {"he": lambda o, i: sqrt(2 / i), "xavier": lambda o, i: sqrt(2 / (i + o)), "normal": lambda o,
            i: 0.01}
    try:
        std = stds[init]
    except KeyError:
        raise ValueError(f"no such init: {init}") from None
    named = OrderedDict()
    for i in range(depth):
        shape = (10 if i == depth - 1 else width, width if i else 64)
        layer = nn.Linear(shape[1], shape[0])
        layer.weight = nn.Parameter(torch.normal(0.0, std(*shape), shape))
        layer.bias = nn.Parameter(torch.zeros(shape[0]))
        if i:
            named[f"relu{i}"] = nn.ReLU()
        named[f"fc{i + 1}"] = layer
    return nn.Sequential(named)


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    criterion = nn.CrossEntropyLoss(reduction="mean")
    losses = []
    for _ in range(steps):
        x, y = next_batch()

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss

        losses.append(float(optimizer.step(closure)))
    return losses


def verdict(losses):
    if not all(map(isfinite, losses)):
        return "diverges"
    end = fmean(losses[-10:])
    if end < 2:
        return "converges"
    if end > 3:
        return "diverges"
    return "stalls"
