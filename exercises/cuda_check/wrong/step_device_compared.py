"""A torch.device is compared with a string, which is never equal (ai-runner#227, Ask-Anything#37).

fails: model-on-device, batch-on-device
diagnosis: device-compared-with-string
points: 4
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    inputs, targets = batch
    if device == "cuda":
        model.to(device)
        inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
