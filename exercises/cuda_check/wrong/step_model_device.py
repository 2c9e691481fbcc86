"""`nn.Module` has no `.device`.

fails: model-on-device, batch-on-device, learns, loss-is-float, never-asks-blindly
diagnosis: module-has-no-device
cause: raised
points: 10 (the step raises before it has done anything that could be looked at)
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    model.to(device)
    inputs, targets = (t.to(model.device) for t in batch)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
