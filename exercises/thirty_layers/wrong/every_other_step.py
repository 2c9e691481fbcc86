"""Two batches' gradients are added up for each update.

fails: losses
diagnosis: none
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for step in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        if step % 2 == 0:
            optimizer.zero_grad()
        loss.backward()
        if step % 2 == 1:
            optimizer.step()
        losses.append(loss.item())
    return losses
