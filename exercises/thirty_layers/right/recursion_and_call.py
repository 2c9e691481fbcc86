"""Layers by recursion, training by an object that is called, a verdict by a list of conditions."""
import math

import torch
from torch import nn

VARIANCES = {"he": lambda n_in, n_out: 2 / n_in, "xavier": lambda n_in, n_out: 1 / ((n_in + n_out) / 2),
             "normal": lambda n_in, n_out: 1e-4}


def stacked(n_in, depth, width, variance):
    n_out = width if depth > 1 else 10
    bound = math.sqrt(3 * variance(n_in, n_out))
    here = nn.Linear(n_in, n_out)
    nn.init.uniform_(here.weight, -bound, bound)
    nn.init.constant_(here.bias, 0)
    return [here] if depth == 1 else [here, nn.ReLU(), *stacked(n_out, depth - 1, width, variance)]


def build(depth, width, init):
    if init not in VARIANCES:
        raise ValueError(f"{init!r} is not one of {', '.join(VARIANCES)}")
    net = nn.Sequential(*stacked(64, depth, width, VARIANCES[init]))
    if init == "normal":
        with torch.no_grad():
            for name, p in net.named_parameters():
                if name.endswith("weight"):
                    torch.nn.init.normal_(p, mean=0, std=0.01)
    return net


class Trainer:
    momentum = 0.9

    def __call__(self, model, steps, lr):
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=self.momentum)
        return list(self.run(model, optimizer, steps))

    def run(self, model, optimizer, steps):
        for _ in range(steps):
            inputs, labels = next_batch()
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss()(model(inputs), labels)
            loss.backward()
            optimizer.step()
            yield loss.item()


train = Trainer()


def verdict(losses):
    m = torch.tensor(losses[-10:]).double().mean().item()
    broken = any(loss != loss or abs(loss) == math.inf for loss in losses)
    return next(word for word, holds in [("diverges", broken or m > 3), ("converges", m < 2),
                                         ("stalls", True)] if holds)
