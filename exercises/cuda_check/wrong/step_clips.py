"""Gradients are clipped at norm 1, from a script for recurrent nets.

fails: learns
diagnosis: gradients-clipped
points: 3
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to(device)
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
