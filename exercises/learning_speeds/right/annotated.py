"""Annotated, with a named tuple, a generator and float64 throughout."""
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Kept(NamedTuple):
    name: str
    layer: nn.Linear
    before: Tensor


def kept(model: nn.Module) -> Iterator[Kept]:
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            yield Kept(name=name, layer=module, before=module.weight.detach().to(torch.float64, copy=True))


def update_ratios(model: nn.Module, optimizer_step: Callable[[], None]) -> dict[str, float]:
    all_kept: list[Kept] = list(kept(model))
    optimizer_step()
    ratios: dict[str, float] = {}
    for one in all_kept:
        update: Tensor = one.layer.weight.detach().double() - one.before
        ratios[one.name] = float(torch.linalg.vector_norm(update) / torch.linalg.vector_norm(one.before))
    return ratios


def factor_per_layer(ratios: dict[str, float]) -> float:
    speeds: list[float] = [float(ratio) for ratio in ratios.values()]
    n: int = len(speeds)
    return float((speeds[n - 1] / speeds[0]) ** (1.0 / (n - 1)))
