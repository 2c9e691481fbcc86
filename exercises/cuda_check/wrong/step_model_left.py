"""The model stays where it is.

fails: model-on-device
diagnosis: model-not-moved
points: 2
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
