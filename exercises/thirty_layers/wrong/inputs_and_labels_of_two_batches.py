"""next_batch()[0] and next_batch()[1]: inputs of one batch, labels of another.

fails: losses, updates
diagnosis: none
points: 3
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        x = next_batch()[0]
        y = next_batch()[1]
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
