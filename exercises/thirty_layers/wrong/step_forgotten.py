"""optimizer.step() is missing: nothing is ever learnt.

fails: losses, updates
diagnosis: no-steps
points: 3
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
        losses.append(loss.item())
    return losses
