"""The optimizer is kept with the model, so that its momentum lives on in the next call.

fails: starts-afresh
diagnosis: state-kept
points: 1
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    if not hasattr(model, "optimizer"):
        model.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    optimizer = model.optimizer
    losses = []
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
