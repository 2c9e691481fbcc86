"""The losses are NumPy's float32, which is no Python float.

fails: losses-are-floats
diagnosis: none
points: 1
"""
import numpy as np
import torch
import torch.nn.functional as F


def train(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = np.zeros(steps, dtype=np.float32)
    for step in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses[step] = loss.item()
    return list(losses)
