"""Recursion over layers and over dimensions; annotated; frozen in no place, He normal by hand."""
from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def sigmoid_derivative(z: Tensor) -> Tensor:
    inner = z.double().clamp(-300, 300)
    return (2 + inner.exp() + (-inner).exp()).reciprocal().to(z.dtype)


def count(values: list, threshold: float) -> tuple[int, int]:
    if not isinstance(values, list):
        return int(values < threshold or values > 1 - threshold), 1
    parts = [count(value, threshold) for value in values]
    return sum(hit for hit, _ in parts), sum(of for _, of in parts)


def saturated_fraction(activations: Tensor, threshold: float = 0.01) -> float:
    hits, of = count(activations.tolist(), threshold)
    return hits / of


def forward(layers: list[nn.Module], x: Tensor) -> tuple[Tensor, list[Tensor]]:
    if not layers:
        return x, []
    z = layers[0](x)
    output, later = forward(layers[1:], z)
    return output, ([z] if isinstance(layers[0], nn.Linear) and len(layers) > 1 else []) + later


def gradient_profile(model: nn.Sequential, x: Tensor,
                     loss_fn: Callable[[Tensor], Tensor]) -> tuple[float, ...]:
    with torch.enable_grad():
        output, zs = forward(list(model), x)
        gradients: tuple[Tensor, ...] = torch.autograd.grad(loss_fn(output), zs)
    return tuple(float(torch.linalg.norm(g.double().reshape(-1))) for g in gradients)


def remedy(depth: int, width: int) -> nn.Module:
    def grow(left: int) -> list[nn.Module]:
        if left == 0:
            return [nn.Linear(width, 1)]
        layer = nn.Linear(width, width)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(width, width) * (2.0 / width) ** 0.5)
            layer.bias.zero_()
        return [layer, nn.ReLU(), *grow(left - 1)]
    return nn.Sequential(*grow(depth))
