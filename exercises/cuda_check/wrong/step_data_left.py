"""`Tensor.to` is called and its result dropped.

fails: batch-on-device
diagnosis: data-not-moved
points: 2
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to(device)
    inputs, targets = batch
    inputs.to(device)
    targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
