"""The losses are printed, not returned.

fails: losses, losses-are-floats, starts-afresh, he-converges, xavier-stalls
diagnosis: none
points: 7 (without losses there is nothing to compare, and nothing for `verdict` to judge)
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
        optimizer.step()
        losses.append(loss.item())
    print(losses)
