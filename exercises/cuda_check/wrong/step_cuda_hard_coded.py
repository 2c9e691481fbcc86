"""`.cuda()` is hard-coded: it raises without a GPU and ignores `device` with two.

fails: model-on-device, batch-on-device, never-asks-blindly
diagnosis: cuda-hard-coded
points: 6
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.cuda()
    inputs, targets = batch
    inputs, targets = inputs.cuda(), targets.cuda()
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
