"""Gradients are cleared between `backward` and `step`.

fails: learns
diagnosis: no-update
points: 3
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to(device)
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()
