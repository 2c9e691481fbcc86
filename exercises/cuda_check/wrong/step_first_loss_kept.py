"""The first loss is remembered and returned for ever.

fails: loss-is-float
diagnosis: loss-of-another-call
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
    train_step.loss = getattr(train_step, "loss", loss.item())
    return train_step.loss
