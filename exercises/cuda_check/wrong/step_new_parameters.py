"""On a GPU every parameter is replaced by a moved one, of which the optimizer knows nothing.

fails: learns
diagnosis: no-update
points: 3
"""

import torch


def train_step(model, batch, loss_fn, optimizer, device):
    if device.type == "cuda":
        for module in model.modules():
            for name, p in list(module.named_parameters(recurse=False)):
                setattr(module, name, torch.nn.Parameter(p.detach().to(device)))
            for name, b in list(module.named_buffers(recurse=False)):
                setattr(module, name, b.to(device))
    inputs, targets = batch
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
