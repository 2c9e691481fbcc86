"""Annotated throughout; init_weights dispatches on the type; recursion for what is drawn again."""
from __future__ import annotations

import math
from functools import singledispatch
from typing import Final

import torch
from torch import Tensor, nn
from torch.distributions import Normal

KEPT: Final[float] = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


def fan_in(weight: Tensor) -> int:
    match tuple(weight.shape):
        case () | (_,):
            raise ValueError("fewer than two dimensions")
        case (_, inputs, *kernel):
            return inputs * math.prod(kernel)


def he_normal_(weight: Tensor, negative_slope: float = 0.0) -> Tensor:
    law: Normal = Normal(0.0, math.sqrt(2.0 / ((1.0 + negative_slope**2.0) * float(fan_in(weight)))))
    weight.data[:] = law.sample(weight.shape)
    return weight


def redraw(draws: Tensor) -> Tensor:
    outside: Tensor = draws.abs().gt(2.0)
    if not outside.any():
        return draws
    draws[outside] = redraw(torch.randn(int(outside.sum())))
    return draws


def he_truncated_normal_(weight: Tensor) -> Tensor:
    draws: Tensor = redraw(torch.randn(weight.numel()))
    with torch.no_grad():
        weight.copy_(draws.view(weight.shape)).mul_(math.sqrt(2 / fan_in(weight)) / KEPT)
    return weight


@singledispatch
def init_weights(module: nn.Module) -> None:
    """All else is left alone."""


@init_weights.register(nn.Linear)
@init_weights.register(nn.Conv1d)
@init_weights.register(nn.Conv2d)
@init_weights.register(nn.Conv3d)
def _(module: nn.Module) -> None:
    he_normal_(module.weight)
    if module.bias is not None:
        nn.init.constant_(module.bias, 0)
