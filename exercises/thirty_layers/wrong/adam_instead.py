"""Adam, which mends much of what the initialisation spoils, and so hides the effect.

fails: losses
diagnosis: adam
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
