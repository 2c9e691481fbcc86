"""The mean of all losses so far, as progress bars show it.

fails: losses
diagnosis: running-mean
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses, total = [], 0.0
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        losses.append(total / (len(losses) + 1))
    return losses
