"""`train` seeds, for the sake of reproducibility: whoever draws after it draws the same again.

fails: starts-afresh
diagnosis: reseeded
points: 1
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
