"""Compares `device.type` with a string, which is right, and moves with `.cuda(device)`."""

import torch


def pick_device():
    available = torch.cuda.is_available()
    device = torch.device(f"cuda:{torch.cuda.current_device()}" if available else "cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def train_step(model, batch, loss_fn, optimizer, device):
    inputs, targets = batch
    if device.type == "cuda":
        model.cuda(device)
        inputs, targets = inputs.cuda(device), targets.cuda(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.tolist()
