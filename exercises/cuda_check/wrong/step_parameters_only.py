"""Parameters are moved one by one; buffers stay behind.

fails: model-on-device
diagnosis: buffers-not-moved
points: 2
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    for parameter in model.parameters():
        parameter.data = parameter.data.to(device)
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
