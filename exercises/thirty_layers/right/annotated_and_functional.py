"""Annotated, weights from NumPy, gradients by torch.func, the momentum in a dictionary."""
from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value

Init = Literal["he", "xavier", "normal"]


def build(depth: int, width: int, init: Init) -> nn.Sequential:
    def std(n_in: int, n_out: int) -> float:
        if init == "he":
            return np.sqrt(2 / n_in)
        elif init == "xavier":
            return np.sqrt(2 / (n_in + n_out))
        elif init == "normal":
            return 0.01
        raise ValueError(init)

    sizes = np.array([64] + [width] * (depth - 1) + [10])
    net = nn.Sequential()
    for i, (n_in, n_out) in enumerate(np.stack([sizes[:-1], sizes[1:]], 1).tolist()):
        if i > 0:
            net.append(nn.ReLU())
        layer = nn.Linear(n_in, n_out)
        seed = int(torch.randint(2**31, ()))
        drawn = np.random.default_rng(seed).normal(0, std(n_in, n_out), (n_out, n_in))
        layer.load_state_dict({"weight": torch.from_numpy(drawn).float(), "bias": torch.zeros(n_out)})
        net.append(layer)
    return net


def train(model: nn.Module, steps: int, lr: float) -> list[float]:
    parameters: dict[str, Tensor] = dict(model.named_parameters())
    velocity = {name: torch.zeros_like(p) for name, p in parameters.items()}

    def loss_of(values: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(functional_call(model, values, (x,)), y)

    losses: list[float] = []
    for _ in range(steps):
        x, y = next_batch()
        gradients, loss = grad_and_value(loss_of)({n: p.detach() for n, p in parameters.items()}, x, y)
        with torch.no_grad():
            for name, p in parameters.items():
                velocity[name] = 0.9 * velocity[name] + gradients[name]
                p -= lr * velocity[name]
        losses += [loss.item()]
    return losses


def verdict(losses: list[float]) -> str:
    last = losses[-10:]
    total: float = sum(last)
    if not np.all(np.isfinite(losses)) or total > 3 * len(last):
        return "diverges"
    return "converges" if total < 2 * len(last) else "stalls"
