"""Experiments that run beside the student's code. They know no answers: they only do and write down."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Names = dict[str, Any]   # what the notebook defines


def refusals(namespace: Names, vector: Tensor, scalar: Tensor) -> dict[str, Any]:
    """What `fan_in` says of weights that have no fan-in."""
    return {name: _refusal(namespace["fan_in"], weight) for name,
            weight in (("vector", vector), ("scalar", scalar))}


def _refusal(function: Callable[[Tensor], object], weight: Tensor) -> dict[str, object]:
    try:
        returned = function(weight)
    except Exception as error:
        return {"raised": type(error).__name__, "value_error": isinstance(error, ValueError)}
    return {"returned": repr(returned)[:80]}


def deep_weights(namespace: Names, depth: int, width: int, others: list[Tensor],
                 **_sent_through_them_outside: Tensor) -> dict[str, list[Tensor]]:
    """The weights of `depth` square layers, and then `others`, filled by `he_normal_` one after another."""
    weights = []
    for _ in range(depth):
        weight = torch.empty(width, width).uniform_(2.0, 3.0)
        namespace["he_normal_"](weight)
        weights.append(weight)
    for weight in others:
        namespace["he_normal_"](weight)
    return {"layers": weights, "others": others}


class Mixed(nn.Module):
    """Layers of many kinds. It is never run; only its parameters are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Conv1d(48, 96, 5)
        self.image = nn.Conv2d(24, 64, (3, 5))
        self.volume = nn.Conv3d(16, 64, (2, 3, 4), bias=False)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(400, 160), nn.ReLU(),
                                  nn.Linear(160, 400, bias=False))
        self.upwards = nn.ConvTranspose2d(16, 24, 3)
        self.batch_norm = nn.BatchNorm2d(24)
        self.plain_norm = nn.BatchNorm1d(24, affine=False)
        self.layer_norm = nn.LayerNorm(40)
        self.embedding = nn.Embedding(50, 32)
        self.dropout = nn.Dropout(0.1)
        self.widening = nn.ConvTranspose1d(6, 8, 3)
        self.group_norm = nn.GroupNorm(2, 12)
        self.slopes = nn.PReLU(5)
        self.pairs = nn.Bilinear(6, 7, 5)
        for norm in (self.batch_norm, self.layer_norm):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.5, 0.5)
        nn.init.uniform_(self.batch_norm.get_buffer("running_mean"), -0.5, 0.5)
        nn.init.uniform_(self.plain_norm.get_buffer("running_var"), 0.5, 1.5)


def initialised_model(namespace: Names) -> dict[str, dict[str, Any]]:
    """Every tensor of a model before and after `model.apply(init_weights)`, with what became of the
    parameters."""
    model = Mixed()
    parameters = dict(model.named_parameters())
    before = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    model.apply(namespace["init_weights"])
    after = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    now = dict(model.named_parameters())
    facts = {name: {"same": now.get(name) is parameter,
                    "parameter": isinstance(now.get(name), nn.Parameter),
                    "leaf": bool(getattr(now.get(name), "is_leaf", False)),
                    "requires_grad": bool(getattr(now.get(name), "requires_grad", False))}
             for name, parameter in parameters.items()}
    return {"before": before, "after": after, "facts": facts}
