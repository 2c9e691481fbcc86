"""losses=[] as a default argument is one list for all calls.

fails: starts-afresh
diagnosis: results-pile-up
points: 1
"""
import torch
import torch.nn.functional as F


def train(model, steps, lr, losses=[]):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(steps):
        x, y = next_batch()
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
