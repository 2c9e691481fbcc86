"""The losses are rounded for a tidy print-out.

fails: losses
diagnosis: rounded
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 3))
    return losses
