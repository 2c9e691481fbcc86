"""An extra batch to look at the data, in each step.

fails: losses
diagnosis: two-batches
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        x, y = next_batch()
        assert next_batch()[0].shape == x.shape
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
