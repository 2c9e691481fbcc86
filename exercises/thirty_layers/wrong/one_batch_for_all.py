"""next_batch() before the loop: the net learns 128 points by heart.

fails: losses
diagnosis: one-batch
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    x, y = next_batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
