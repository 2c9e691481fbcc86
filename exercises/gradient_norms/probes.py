"""Nets to hang hooks on, one for each promise, in float64.

Each is built from the parameters given and never copied.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import nn


class Scaled(nn.Module):
    """Linear and tanh in turn, times a learnable gain: a parameter without dimensions."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in pairwise(sizes))
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.gain * x


class PartlyFrozen(nn.Module):
    """Three layers in a row, the middle one frozen, and one that the forward pass never uses."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.first = nn.Linear(size, size)
        self.frozen = nn.Linear(size, size).requires_grad_(False)
        self.last = nn.Linear(size, size)
        self.unused = nn.Linear(size, size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.last(torch.tanh(self.frozen(torch.tanh(self.first(x)))))
        return out


class Tied(nn.Module):
    """Two layers that share one weight."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.first = nn.Linear(size, size)
        self.second = nn.Linear(size, size)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.second(torch.tanh(self.first(x)))
        return out


class Token:
    """Lives as long as the graph that holds it."""


class Marked(torch.autograd.Function):
    """The identity. Its node in the graph holds the token."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, token: Token) -> torch.Tensor:
        ctx.token = token
        return x.clone()

    @staticmethod
    def backward(_ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradient, None


marked: Callable[[torch.Tensor, Token], torch.Tensor] = Marked.apply


def one_backward(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                 y: torch.Tensor) -> dict[str, Any]:
    """The norms after one backward."""
    model = _filled(Scaled(*_sizes(parameters)), parameters)
    norms, _ = _attach(namespace, model)
    _backward(model, x, y)
    return {"norms": _copied(norms)}


def two_backwards(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                  y: torch.Tensor) -> dict[str, Any]:
    """The norms after each of two backwards, x[0] then x[1], without zero_grad between them."""
    model = _filled(Scaled(*_sizes(parameters)), parameters)
    norms, _ = _attach(namespace, model)
    seen = []
    for inputs, targets in zip(x, y, strict=True):
        _backward(model, inputs, targets)
        seen.append(_copied(norms))
    return {"first": seen[0], "second": seen[1]}


def partly_frozen(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                  y: torch.Tensor) -> dict[str, Any]:
    """The norms of a net with a frozen and an unused layer, and what is trainable before and after."""
    model = _filled(PartlyFrozen(x.shape[-1]), parameters)
    before = _trainable(model)
    norms, _ = _attach(namespace, model)
    _backward(model, x, y)
    return {"norms": _copied(norms), "trainable_before": before, "trainable_after": _trainable(model)}


def tied_weight(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                y: torch.Tensor) -> dict[str, Any]:
    """The norms of a net that uses one weight in two places."""
    model = _filled(Tied(x.shape[-1]), parameters)
    norms, _ = _attach(namespace, model)
    _backward(model, x, y)
    return {"norms": _copied(norms)}


def training_twice(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                   y: torch.Tensor) -> dict[str, Any]:
    """The same training with hooks and without: the first gradients, and the parameters at the end.

    The gain is negative and far from its best value, 0, so that its gradient is negative, which a norm never
    is.
    """
    parameters = {**parameters, "gain": -2.0 - parameters["gain"].abs()}
    found: dict[str, Any] = {}
    for name, hooked in (("without", False), ("with", True)):
        model = _filled(Scaled(*_sizes(parameters)), parameters)
        kept = _attach(namespace, model) if hooked else None
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for step in range(2):
            optimizer.zero_grad()
            for part in range(2):  # two batches are accumulated before each step
                _backward(model, x[2 * step + part], y[2 * step + part])
                if step == 0 and part == 0:
                    found[f"gradients_{name}"] = {n: None if p.grad is None else p.grad.detach().clone()
                                                  for n, p in model.named_parameters()}
            optimizer.step()
        found[f"parameters_{name}"] = {n: p.detach().clone() for n, p in model.named_parameters()}
        del kept
    return found


def removed(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
            y: torch.Tensor) -> dict[str, Any]:
    """The norms before and after every handle was removed, with a backward in between."""
    model = _filled(Scaled(*_sizes(parameters)), parameters)
    norms, handles = _attach(namespace, model)
    _backward(model, x[0], y[0])
    given = _each(handles)
    removable = [handle for handle in given if callable(getattr(handle, "remove", None))]
    for handle in removable:
        handle.remove()
    before = _copied(norms)
    model.zero_grad()
    _backward(model, x[1], y[1])
    return {"handles": len(given), "removed": len(removable), "before": before, "after": _copied(norms)}


def fifty_steps(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                y: torch.Tensor, steps: int) -> dict[str, Any]:
    """How many steps' graphs are still alive after the last, and which norms are attached to one."""
    model = _filled(Scaled(*_sizes(parameters)), parameters)
    kept = _attach(namespace, model)
    tokens = []
    for _ in range(steps):
        token = Token()
        tokens.append(weakref.ref(token))
        model.zero_grad()
        _backward(model, marked(x.clone().requires_grad_(), token), y)
        del token
    attached = [str(k) for k, v in _items(kept[0]) if isinstance(v, torch.Tensor) and v.requires_grad]
    if any(token() is not None for token in tokens):
        gc.collect()  # what only a cycle holds is no leak; it takes a while, and most need none
    return {"steps": steps, "alive": sum(token() is not None for token in tokens), "attached": attached}


def total(namespace: Mapping[str, Any], values: torch.Tensor) -> Any:
    """global_norm of a dict of floats, none of them negative."""
    norms = {f"layers.{i}.weight": float(abs(value)) for i, value in enumerate(values)}
    return namespace["global_norm"](norms)


def _sizes(parameters: Mapping[str, torch.Tensor]) -> list[int]:
    weights = [value for value in parameters.values() if value.dim() == 2]
    return [weights[0].shape[1], *(weight.shape[0] for weight in weights)]


def _filled(model: nn.Module, parameters: Mapping[str, torch.Tensor]) -> nn.Module:
    """The model in float64, holding these parameters."""
    model.double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(parameters[name])
    return model


def _attach(namespace: Mapping[str, Any], model: nn.Module) -> tuple[Any, Any]:
    """(norms, handles) as the student's function returned them; a dict alone is norms without handles."""
    returned = namespace["attach_gradient_norm_hooks"](model)
    if isinstance(returned, tuple | list) and returned:
        return returned[0], returned[1] if len(returned) > 1 else None
    return returned, None


def _backward(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    torch.autograd.backward(nn.functional.mse_loss(model(x), y))


def _items(norms: Any) -> list[tuple[Any, Any]]:
    return [(name, norms[name]) for name in list(norms)] if isinstance(norms, Mapping) else []


def _copied(norms: Any) -> Any:
    """The norms as they are now; the name of the type of what is no dict."""
    if not isinstance(norms, Mapping):
        return type(norms).__name__
    return {name: value.detach().clone() if isinstance(value, torch.Tensor) else value
            for name, value in _items(norms)}


def _trainable(model: nn.Module) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def _each(handles: Any) -> list[Any]:
    """The handles, whether they came as a list, a tuple, a dict or one alone."""
    if isinstance(handles, Mapping):
        return list(handles.values())
    if isinstance(handles, list | tuple | set | frozenset):
        return list(handles)
    return [] if handles is None else [handles]
