"""range(steps + 1), to have the loss at the end as well.

fails: losses
diagnosis: wrong-number
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps + 1):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
