"""PyTorch's own gradients of the nets that the probes build, and its own total norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]            # by parameter's name, or what belongs to each: its gradient


def l2(gradient: Tensor) -> Tensor:
    """The L2 norm of its entries, whatever its shape."""
    norm: Tensor = gradient.norm()
    return norm


def scaled_net(parameters: Tensors, x: Tensor, *, signals: list[Tensor] | None = None,
               skipped: int | None = None) -> Tensor:
    """The forward pass of the probes' net `Scaled`: (batch, n_in) -> (batch, n_out).

    Args:
        signals: is given what comes into and out of each linear layer, and of the net.
        skipped: the number of a layer that takes no part.
    """
    passed = [] if signals is None else signals
    for i in range(sum(name.endswith("weight") for name in parameters)):
        if i != skipped:
            z = x @ parameters[f"layers.{i}.weight"].mT + parameters[f"layers.{i}.bias"]
            passed += [x, z]
            x = torch.tanh(z)
    passed.append(parameters["gain"] * x)
    return passed[-1]


def partly_frozen_net(parameters: Tensors, x: Tensor) -> Tensor:
    """The forward pass of the probes' net `PartlyFrozen`: (batch, n) -> (batch, n). The frozen layer's
    parameters have no gradient."""
    held = {name: value.detach() if name.startswith("frozen.") else value
            for name, value in parameters.items()}
    for name in ("first", "frozen"):
        x = torch.tanh(x @ held[f"{name}.weight"].mT + held[f"{name}.bias"])
    return x @ held["last.weight"].mT


def tied_net(parameters: Tensors, x: Tensor) -> Tensor:
    """The forward pass of the probes' net `Tied`: (batch, n) -> (batch, n)."""
    weight = parameters["first.weight"]
    return torch.tanh(x @ weight.mT + parameters["first.bias"]) @ weight.mT + parameters["second.bias"]


def gradients(net: Callable[[Tensors, Tensor], Tensor], parameters: Tensors, x: Tensor, y: Tensor
              ) -> dict[str, Tensor]:
    """The gradient of the mean squared error, for each parameter that has one."""
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    with torch.enable_grad():
        loss = torch.nn.functional.mse_loss(net(leaves, x), y)
        found = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    return {name: gradient for name, gradient in zip(leaves, found, strict=True) if gradient is not None}


def signal_gradients(parameters: Tensors, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """In the net `Scaled`, the gradient of the mean squared error for what comes into and out of layers."""
    signals: list[Tensor] = []
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    with torch.enable_grad():
        loss = torch.nn.functional.mse_loss(
            scaled_net(leaves, x.clone().requires_grad_(), signals=signals), y)
        found = torch.autograd.grad(loss, signals)
    return {str(i): gradient for i, gradient in enumerate(found)}


def trained_parameters(parameters: Tensors, x: Tensor, y: Tensor, scale: float) -> dict[str, Tensor]:
    """`Scaled` after two steps of SGD with momentum, two of the four batches accumulated before each. The
    loss is multiplied by `scale`, the learning rate divided."""
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    optimizer = torch.optim.SGD(leaves.values(), lr=0.1 / scale, momentum=0.9)
    for step in (0, 2):
        optimizer.zero_grad()
        for batch in (step, step + 1):
            now = {name: leaf.detach() for name, leaf in leaves.items()}
            for name, gradient in gradients(scaled_net, now, x[batch], y[batch]).items():
                leaf = leaves[name]
                leaf.grad = scale * gradient if leaf.grad is None else leaf.grad + scale * gradient
        optimizer.step()
    return {name: leaf.detach() for name, leaf in leaves.items()}


def total(norms: Tensor) -> float:
    """What clip_grad_norm_ finds where the gradients have these norms."""
    held = [torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in norms]
    for parameter, norm in zip(held, norms, strict=True):
        parameter.grad = norm.clone()
    return float(torch.nn.utils.clip_grad_norm_(held, math.inf))
