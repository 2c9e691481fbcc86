"""A global optimizer, made for the first model and kept for all others.

fails: starts-afresh, he-converges
diagnosis: copy-trained
"""
import torch
import torch.nn.functional as F

optimizer = None


def train(model, steps, lr):
    global optimizer
    if optimizer is None:
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        x, y = next_batch()  # noqa: F821 - the notebook's
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
