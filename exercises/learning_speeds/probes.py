"""Experiments beside the student's functions: nets with given weights, and whole steps of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9


class Nested(nn.Module):
    """Four linear layers, two of them within a block and the last without bias, beside an embedding, a
    normalisation, and a bilinear layer that is not used."""

    def __init__(self, linear: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.words = nn.Embedding(7, linear[0].in_features, dtype=torch.float64)
        self.first = linear[0]
        self.norm = nn.LayerNorm(linear[0].out_features, dtype=torch.float64)
        self.block = nn.Sequential(linear[1], nn.Tanh(), linear[2])
        self.pairs = nn.Bilinear(2, 3, 4, dtype=torch.float64)
        self.head = linear[3]

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.words(torch.arange(len(x)) % 7)
        out: Tensor = self.head(torch.tanh(self.block(self.norm(self.first(x)))))
        return out


class Training:
    """Steps of SGD with momentum, one batch each, after an earlier step whose gradients are still there.

    Written out: the first torch.optim.SGD of a process costs a second of imports.
    """

    def __init__(self, model: nn.Module, linear: Sequence[nn.Linear], before: Mapping[str, Sequence[Tensor]],
                 x: Tensor, y: Tensor, lr: float, scale: float) -> None:
        self.model, self.x, self.y, self.lr, self.scale = model, x, y, lr, scale
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.calls = 0
        self.modes: list[str] = []
        for layer, *gradients in zip(linear, before["weights"], before["biases"], strict=True):
            for parameter, gradient in zip(layer.parameters(), gradients, strict=False):
                if parameter.requires_grad:
                    parameter.grad = gradient.clone()
        self.velocities = [torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
                           for parameter in self.parameters]

    def step(self) -> None:
        """Forward pass, backward, update."""
        batch = self.calls % len(self.x)
        self.calls += 1
        self.modes = training_modes(self.model)
        for parameter in self.parameters:
            parameter.grad = None
        cost = self.scale * nn.functional.mse_loss(self.model(self.x[batch]), self.y[batch])
        torch.autograd.backward(cost)
        with torch.no_grad():
            for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
                if parameter.grad is not None:
                    velocity.mul_(MOMENTUM).add_(parameter.grad)
                    parameter.sub_(self.lr * velocity)


def flat(namespace: Mapping[str, Any], weights: Sequence[Tensor], biases: Sequence[Tensor],
         before: Mapping[str, Sequence[Tensor]], x: Tensor, y: Tensor, lr: float, scale: float,
         frozen: Sequence[int] = (), calls: int = 1) -> dict[str, Any]:
    """A chain of linear layers and tanh; the layers in `frozen` take no part in training."""
    linear = linear_layers(weights, biases, frozen)
    model = nn.Sequential(*[module for layer in linear for module in (layer, nn.Tanh())][:-1])
    training = Training(model, linear, before, x, y, lr, scale)
    before_call = state(model)
    returned: list[Any] = []
    ratios: list[Any] = []
    steps: list[int] = []
    for _ in range(calls):
        returned.append(namespace["update_ratios"](model, training.step))
        ratios.append(copied(returned[-1]))
        steps.append(training.calls - sum(steps))
    changed = [what for what, value in state(model).items() if value != before_call[what]]
    changed += ["training mode"] if training.calls and training.modes != before_call["training mode"] else []
    found = {"ratios": ratios, "calls": steps, "changed": changed}
    if calls > 1:
        found["first_at_the_end"] = copied(returned[0])
    if not frozen and calls == 1:
        found |= {"weights": [layer.weight.detach() for layer in linear],
                  "gradients": [None if layer.weight.grad is None else layer.weight.grad.detach()
                                for layer in linear]}
    return found


def nested(namespace: Mapping[str, Any], weights: Sequence[Tensor], biases: Sequence[Tensor],
           before: Mapping[str, Sequence[Tensor]], x: Tensor, y: Tensor, lr: float, scale: float
           ) -> dict[str, Any]:
    """The net Nested."""
    linear = linear_layers(weights, biases)
    linear[-1].register_parameter("bias", None)
    model = Nested(linear)
    training = Training(model, linear, before, x, y, lr, scale)
    return {"ratios": copied(namespace["update_ratios"](model, training.step))}


def factor(namespace: Mapping[str, Any], names: Sequence[str], about: Tensor, noise: Tensor
           ) -> dict[str, Any]:
    """The student's factor for layers of these names and ratios with these logarithms, and what is left of
    the dictionary.

    The ratios are floats; who works with tensors without dimensions throughout is given those.
    """
    values = (about + noise).exp()
    floats: dict[str, Any] = {name: float(value) for name, value in zip(names, values, strict=True)}
    tensors: dict[str, Any] = dict(zip(names, values, strict=True))
    try:
        given, found = floats, namespace["factor_per_layer"](floats)
    except (AttributeError, TypeError):
        given, found = tensors, namespace["factor_per_layer"](tensors)
    return {"factor": found, "ratios": {str(name): float(value) for name, value in given.items()}}


def linear_layers(weights: Sequence[Tensor], biases: Sequence[Tensor], frozen: Sequence[int] = ()
                  ) -> list[nn.Linear]:
    """Linear layers with these weights."""
    layers = []
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        layers.append(layer.requires_grad_(index not in frozen))
    return layers


def copied(ratios: Any) -> Any:
    """The dictionary as it is now; keys that are objects become texts, each its own."""
    if not isinstance(ratios, dict):
        return ratios
    return {key if isinstance(key, str | int) else f"<{type(key).__name__}, entry {i + 1}>": value
            for i, (key, value) in enumerate(ratios.items())}


def training_modes(model: nn.Module) -> list[str]:
    """The modules in training mode."""
    return [name for name, module in model.named_modules() if module.training]


def state(model: nn.Module) -> dict[str, Any]:
    """What must be the same before and after, whatever the step does to the numbers."""
    hooked = [*model.parameters(), *model.modules()]
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
             "_post_accumulate_grad_hooks")
    return {"training mode": training_modes(model),
            "requires_grad": [name for name, one in model.named_parameters() if one.requires_grad],
            "state_dict": list(model.state_dict()),
            "hooks": sum(len(getattr(one, kind, None) or ()) for one in hooked for kind in kinds),
            "grad mode": torch.is_grad_enabled()}
