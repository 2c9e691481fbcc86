"""The training runs on a deep copy, so that "the original stays clean".

fails: updates, he-converges
diagnosis: copy-trained
points: 3
"""
import copy

import torch
import torch.nn.functional as F


def train(model, steps, lr):
    model = copy.deepcopy(model)
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
