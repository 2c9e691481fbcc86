"""softmax, and then cross-entropy, which has its own.

fails: losses
diagnosis: softmax-twice
points: 2
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x).softmax(dim=1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
