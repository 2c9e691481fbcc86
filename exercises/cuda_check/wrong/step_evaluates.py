"""`model.eval()` before the step.

fails: learns
diagnosis: evaluation-mode
points: 3
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to(device)
    model.eval()
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
