"""`cuda` is compared with `cuda:0`, which are not equal (amd-shark-ai#1914).

fails: model-on-device, batch-on-device
diagnosis: none
points: 4
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    inputs, targets = batch
    if device == torch.device("cuda:0"):
        model.to(device)
        inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
