"""The loop ends as soon as the list is full, before the last update.

fails: updates
diagnosis: none
points: 1
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    while True:
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        losses.append(loss.item())
        if len(losses) == steps:
            return losses
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
