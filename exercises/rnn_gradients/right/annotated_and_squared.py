"""Annotated; all gradients by one graph and autograd's grad, the radius from repeated squaring, gradients
flattened by parameters_to_vector."""
from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


def gradient_through_time(weight: Tensor, steps: int) -> list[float]:
    w = weight.detach().to(torch.float64)
    states: list[Tensor] = [torch.zeros(w.size(0), dtype=w.dtype, requires_grad=True)]
    for _ in range(steps - 1):
        states.append(torch.mv(w, states[-1]) + torch.randn(w.size(0), dtype=w.dtype))
    gradients = torch.autograd.grad(states[-1].sum(), states)
    return [float(torch.sqrt(torch.dot(g, g))) for g in gradients]


def regime(weight: Tensor) -> str:
    power, log, exponent = weight.double(), 0.0, 1.0
    for _ in range(40):    # log |W^(2^40)| / 2^40
        size = power.norm().item()
        log += math.log(size) / exponent
        power = (power / size) @ (power / size)
        exponent *= 2
    radius = math.exp(log)
    label: str = "stable"
    if abs(radius - 1) > 0.01:
        label = "vanishing" if radius < 1 else "exploding"
    return label


def clip_gradients_(parameters: Iterable[nn.Parameter], max_norm: float) -> float:
    """Every gradient multiplied by the same number."""
    gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
    whole: Tensor = nn.utils.parameters_to_vector(gradients)
    norm = math.hypot(*whole.tolist())
    if norm <= max_norm:
        return norm
    nn.utils.vector_to_parameters(whole * (max_norm / norm), gradients)
    return norm
