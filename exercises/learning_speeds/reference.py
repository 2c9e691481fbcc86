"""PyTorch's own training of the chain that the probe `flat` builds, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.9    # as in the probe


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One linear layer in one step, or over several: (weight, bias) before, after, and the last gradient."""

    before: tuple[Tensor, Tensor]
    after: tuple[Tensor, Tensor]
    gradient: tuple[Tensor, Tensor]


def history(given: Mapping[str, Any], steps: int) -> list[list[Tensor]]:
    """Weight, bias, weight, bias and so on: at the beginning and after each step, with the gradients of each
    step behind them.

    Returns:
        steps + 1 lists. The first half of each holds parameters, the second half the gradients that led to
        them; the gradients of the beginning are those of an earlier step.
    """
    now = [tensor for pair in zip(given["weights"], given["biases"], strict=True) for tensor in pair]
    velocities = [tensor for pair in zip(given["before"]["weights"], given["before"]["biases"], strict=True)
                  for tensor in pair]
    found = [[*now, *velocities]]
    for step in range(steps):
        batch = step % len(given["x"])
        gradients = _gradients(now, given["x"][batch], given["y"][batch], given["scale"])
        velocities = [MOMENTUM * v + g for v, g in zip(velocities, gradients, strict=True)]
        now = [parameter - given["lr"] * v for parameter, v in zip(now, velocities, strict=True)]
        found.append([*now, *gradients])
    return found


def layers_between(kept: Sequence[Sequence[Tensor]], start: int, stop: int) -> list[Layer]:
    """The layers between two points of a history."""
    half = len(kept[0]) // 2
    return [Layer(before=(kept[start][i], kept[start][i + 1]), after=(kept[stop][i], kept[stop][i + 1]),
                  gradient=(kept[stop][half + i], kept[stop][half + i + 1])) for i in range(0, half, 2)]


def _gradients(parameters: Sequence[Tensor], x: Tensor, y: Tensor, scale: float) -> list[Tensor]:
    leaves = [parameter.clone().requires_grad_() for parameter in parameters]
    with torch.enable_grad():
        for i in range(0, len(leaves), 2):
            x = x @ leaves[i].mT + leaves[i + 1]
            x = torch.tanh(x) if i + 2 < len(leaves) else x
        cost = scale * torch.nn.functional.mse_loss(x, y)
        return list(torch.autograd.grad(cost, leaves))
