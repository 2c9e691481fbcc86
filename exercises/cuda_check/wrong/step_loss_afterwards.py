"""The loss is measured after the parameters were moved.

fails: loss-is-float
diagnosis: loss-after-step
points: 1
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to(device)
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss_fn(model(inputs), targets).item()
