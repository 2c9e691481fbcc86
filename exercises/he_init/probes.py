"""Experiments that run beside the student's code. They know no answers: they only do and write down."""

import operator
import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Names = dict[str, Any]   # what the notebook defines
NOTHING_YET = float("nan")


def counted(namespace: Names, shapes: list[list[int]], vector: Tensor, scalar: Tensor) -> dict[str, Any]:
    """What `fan_in` says of weights that have no fan-in, and what it counts for weights of these shapes."""
    fan_in = namespace["fan_in"]
    return {"vector": _refusal(fan_in, vector), "scalar": _refusal(fan_in, scalar),
            "counts": [_count(fan_in, torch.zeros(shape)) for shape in shapes]}


def _count(function: Callable[[Tensor], Any], weight: Tensor) -> float | None:
    """A number; None where it raises or gives something else."""
    try:
        found = function(weight)
        return found if isinstance(found, float) else operator.index(found)
    except Exception:
        return None


def _refusal(function: Callable[[Tensor], object], weight: Tensor) -> dict[str, object]:
    try:
        returned = function(weight)
    except Exception as error:
        return {"raised": type(error).__name__, "value_error": isinstance(error, ValueError)}
    return {"returned": repr(returned)[:80]}


def _filled(function: Callable[..., object], weight: Tensor, *more: float) -> Tensor:
    """The weight after the call; what was returned, where the weight was left as it was."""
    before = weight.clone()
    returned = function(weight, *more)
    untouched = weight.dtype is before.dtype and torch.equal(weight.nan_to_num(7.0), before.nan_to_num(7.0))
    return returned if untouched and isinstance(returned, Tensor) else weight


def in_turn(namespace: Names, shapes: list[list[int]], slopes: list[float]) -> dict[str, list[Tensor]]:
    """Weights of these shapes, which hold NaN, filled one after another, each with its slope; what torch
    draws next, as `next_draws` has it; and weights filled from one seed, two with slope 0 and two with
    none."""
    he_normal_ = namespace["he_normal_"]

    def from_one_seed(*slope: float) -> Tensor:
        random.seed(11)
        torch.manual_seed(11)
        return _filled(he_normal_, torch.full((8, 6), NOTHING_YET), *slope)

    return {"filled": [_filled(he_normal_, torch.full(shape, NOTHING_YET), *([slope] if slope else []))
                       for shape, slope in zip(shapes, slopes, strict=True)],
            "after": next_draws(lambda: _filled(he_normal_, torch.full((8, 6), NOTHING_YET))),
            "with_0": [from_one_seed(0.0), from_one_seed(0.0)], "without": [from_one_seed(), from_one_seed()]}


def truncated_in_turn(namespace: Names, shape: list[int], times: int) -> dict[str, list[Tensor]]:
    """Small weights, which held NaN, and what torch draws next."""
    def one() -> Tensor:
        return _filled(namespace["he_truncated_normal_"], torch.full(shape, NOTHING_YET))

    return {"filled": [one() for _ in range(times)], "after": next_draws(one)}


def next_draws(call: Callable[[], object]) -> list[Tensor]:
    """What torch draws next after a call, from three seeds of which the first two are one."""
    after = []
    for seed in (11, 11, 12):
        torch.manual_seed(seed)
        call()
        after.append(torch.rand(4, dtype=torch.float32, device="cpu"))
    return after


def deep_weights(namespace: Names, layers: int, width: int, others: list[Tensor],
                 **_sent_through_them_outside: Tensor) -> dict[str, list[Tensor]]:
    """The weights of square layers, rounded, and then `others`, filled by `he_normal_` one after another."""
    he_normal_ = namespace["he_normal_"]
    return {"layers": [_rounded(_filled(he_normal_, torch.empty(width, width).uniform_(2.0, 3.0)))
                       for _ in range(layers)],
            "others": [_filled(he_normal_, weight) for weight in others]}


def _rounded(weight: Tensor) -> Tensor:
    """To four binary digits, which is off by 3 % at most, now up, now down: what comes through thirty layers
    differs by half a per cent. It takes a quarter of the room."""
    digits, exponent = torch.frexp(weight.float())
    return torch.ldexp((16 * digits).round() / 16, exponent).bfloat16()


class LinearMap(nn.Module):
    """A module of ours whose name begins like another's; it is no Linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(9, 8))
        self.bias = nn.Parameter(torch.rand(9))


class Mixed(nn.Module):
    """Layers of many kinds. It is never run; only its parameters are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Conv1d(48, 16, 5, groups=2)
        self.image = nn.Conv2d(12, 16, (3, 5), stride=2, padding=1, dilation=2)
        self.each = nn.Conv2d(96, 96, 5, groups=96)
        self.volume = nn.Conv3d(8, 16, (2, 3, 4), bias=False)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(80, 32), nn.ReLU(), nn.Linear(32, 80, bias=False),
                                  nn.ReLU(), nn.Linear(80, 32))
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
        self.map = LinearMap()
        for norm in (self.batch_norm, self.layer_norm):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.5, 0.5)
        nn.init.uniform_(self.batch_norm.get_buffer("running_mean"), -0.5, 0.5)
        nn.init.uniform_(self.plain_norm.get_buffer("running_var"), 0.5, 1.5)
        self.batch_norm.eval()
        for parameter in self.parameters():   # few different numbers take little room
            parameter.data.mul_(64).round_().div_(64)


def _by_itself(namespace: Names, weight: Tensor) -> Tensor | None:
    """What `he_normal_` alone makes of such a weight; None where it raises, or neither fills nor returns
    anything."""
    before = weight.clone()
    try:
        returned = namespace["he_normal_"](weight)
    except Exception:
        return None
    idle = torch.equal(weight, before) and (not isinstance(returned, Tensor) or torch.equal(returned, before))
    return None if idle else weight


def initialised_model(namespace: Names, weights: list[str]) -> dict[str, Any]:
    """Every tensor of a model before and after `model.apply(init_weights)`, with what became of the
    parameters, and what `he_normal_` alone makes of the weights."""
    model = Mixed()
    parameters = dict(model.named_parameters())
    training = [module.training for module in model.modules()]
    before = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    model.apply(namespace["init_weights"])
    after = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    now = dict(model.named_parameters())
    facts = {name: {"same": now.get(name) is parameter,
                    "parameter": isinstance(now.get(name), nn.Parameter),
                    "leaf": bool(getattr(now.get(name), "is_leaf", False)),
                    "requires_grad": bool(getattr(now.get(name), "requires_grad", False))}
             for name, parameter in parameters.items()}
    return {"before": before, "after": after, "facts": facts,
            "next": next_draws(lambda: nn.Sequential(nn.Linear(8, 6)).apply(namespace["init_weights"])),
            "own": {name: _by_itself(namespace, before[name].clone()) for name in weights},
            "modes": [module.training for module in model.modules()] == training}
