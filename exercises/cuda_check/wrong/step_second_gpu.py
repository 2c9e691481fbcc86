"""`cuda:1` is hard-coded: it does not exist where there is one GPU.

fails: model-on-device, batch-on-device, never-asks-blindly
diagnosis: second-gpu-hard-coded, cuda-hard-coded
cause: raised
points: 6
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to("cuda:1")
    inputs, targets = (t.to("cuda:1") for t in batch)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
