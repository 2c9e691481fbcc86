"""The optimizer is made anew in each step, so its momentum never builds up.

fails: losses
diagnosis: no-momentum
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    losses = []
    for _ in range(steps):
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
