"""Objects with __call__, a context manager for the hooks, orthogonal weights."""
import contextlib

import torch
from torch import nn


class Derivative:
    def __call__(self, z):
        half = torch.tanh(z / 2)
        return (1 - half * half) / 4


class Share:
    def __call__(self, activations, threshold=0.01):
        flat = activations.reshape(-1)
        low, high = torch.lt(flat, threshold).sum(), torch.gt(flat, 1 - threshold).sum()
        return (low + high).item() / flat.numel()


@contextlib.contextmanager
def watching(modules):
    """The gradients at what these modules give, as a backward pass meets them."""
    found = {}

    def forward(module, _, output):
        output.register_hook(lambda gradient: found.__setitem__(module, gradient))

    handles = [module.register_forward_hook(forward) for module in modules]
    try:
        yield found
    finally:
        [handle.remove() for handle in handles]


class Profile:
    def __call__(self, model, x, loss_fn):
        *hidden, _ = (m for m in model.children() if isinstance(m, nn.Linear))
        with watching(hidden) as found:
            loss_fn(model(x)).backward()
        return [torch.sqrt(torch.sum(found[m].double().square())) for m in hidden]


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        nn.init.orthogonal_(self.linear.weight, gain=2**0.5)

    def forward(self, x):
        return nn.functional.relu(self.linear(x))


sigmoid_derivative, saturated_fraction, gradient_profile = Derivative(), Share(), Profile()


def remedy(depth, width):
    model = nn.Sequential()
    for i in range(depth):
        model.add_module(f"block{i}", Block(width))
    model.add_module("out", nn.Linear(width, 1, bias=False))
    return model
