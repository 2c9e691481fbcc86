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
    """Linear and tanh in turn, times a learnable gain: a parameter without dimensions.

    The layer whose number is `skipped` takes no part.
    """

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in pairwise(sizes))
        self.gain = nn.Parameter(torch.ones(()))
        self.skipped: int | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for i, layer in enumerate(self.layers):
            if i != self.skipped:
                x = torch.tanh(layer(x))
        return self.gain * x


class PartlyFrozen(nn.Module):
    """Three layers in a row, the middle one frozen and the last without bias, and one that the forward pass
    never uses."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.first = nn.Linear(size, size)
        self.frozen = nn.Linear(size, size).requires_grad_(False)
        self.last = nn.Linear(size, size, bias=False)
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
    """The norms after one backward, and of what type the first thing is that the function returns."""
    model = _filled(Scaled(*_sizes(parameters)), parameters)
    returned = namespace["attach_gradient_norm_hooks"](model)
    norms, _ = _told_apart(returned)
    _backward(model, x, y)
    first = returned[0] if isinstance(returned, tuple | list) and returned else returned
    return {"norms": _copied(norms), "first": type(first).__name__, "dict_first": first is norms}


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


def odd_backwards(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                  y: torch.Tensor) -> dict[str, Any]:
    """The norms after backwards of several kinds: through all layers, without the middle one, with gradients
    of exactly 0, and with NaN; or the error that one of them raised.

    With NaN, also the parameters whose gradient is finite all the same.
    """
    model = Scaled(*_sizes(parameters))
    norms, _ = _attach(namespace, _filled(model, parameters))
    found: dict[str, Any] = {}

    def backward(kind: str, targets: torch.Tensor) -> None:
        model.zero_grad()
        try:
            _backward(model, x, targets)
            found[kind] = {"norms": _copied(norms)}
        except Exception as error:
            found[kind] = {"raised": f"{type(error).__name__}: {error}"[:300]}

    backward("all", y)
    model.skipped = 1
    backward("skipped", y)
    model.skipped = None
    model.gain.data.zero_()
    backward("zero", y)
    model.gain.data.copy_(parameters["gain"])
    backward("nan", torch.full_like(y, torch.nan))
    found["finite"] = [name for name, parameter in model.named_parameters()
                       if parameter.grad is not None and bool(parameter.grad.isfinite().any())]
    return found


def partly_frozen(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                  y: torch.Tensor) -> dict[str, Any]:
    """The norms of a net with a frozen and an unused layer, and whether the same is trainable as before."""
    model = _filled(PartlyFrozen(x.shape[-1]), parameters)
    before, (norms, _) = [p.requires_grad for p in model.parameters()], _attach(namespace, model)
    _backward(model, x, y)
    return {"norms": _copied(norms), "same": before == [p.requires_grad for p in model.parameters()]}


def tied_weight(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                y: torch.Tensor) -> dict[str, Any]:
    """The norms of a net that uses one weight in two places."""
    model = _filled(Tied(x.shape[-1]), parameters)
    norms, _ = _attach(namespace, model)
    _backward(model, x, y)
    return {"norms": _copied(norms)}


def training_twice(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
                   y: torch.Tensor, scale: float) -> dict[str, Any]:
    """The same training with hooks and without: the first gradients, and the parameters at the end; and
    what attaching alone has changed.

    The gain is negative and far from its best value, 0, so that its gradient is negative, which a norm never
    is. The loss is multiplied by `scale`, the learning rate divided.
    """
    parameters = {**parameters, "gain": -2.0 - parameters["gain"].abs()}
    found: dict[str, Any] = {}
    for name, hooked in (("without", False), ("with", True)):
        model = _filled(Scaled(*_sizes(parameters)), parameters)
        _backward(model, x[0], y[0], scale)
        if hooked:
            before = _state(model)
            kept = _attach(namespace, model)
            found["changed"] = [n for n, value in _state(model).items() if value != before[n]]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1 / scale, momentum=0.9)
        for step in range(2):
            optimizer.zero_grad()
            for part in range(2):  # two batches are accumulated before each step
                _backward(model, x[2 * step + part], y[2 * step + part], scale)
                if step == 0 and part == 0:
                    found[f"gradients_{name}"] = {n: None if p.grad is None else p.grad.detach().clone()
                                                  for n, p in model.named_parameters()}
            optimizer.step()
        found[f"parameters_{name}"] = {n: p.detach().clone() for n, p in model.named_parameters()}
        if hooked:
            found["recorded"] = len(_items(kept[0]))
            del kept
    return found


def removed(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
            y: torch.Tensor) -> dict[str, Any]:
    """The norms before and after every handle was removed, with a backward in between; then those of hooks
    attached anew, to this net and to another, and once more the old ones."""
    model = _filled(Scaled(*_sizes(parameters)), parameters)
    norms, handles = _attach(namespace, model)
    _backward(model, x[0], y[0])
    _backward(model, x[0], y[0])
    given = _each(handles)
    removable = [handle for handle in given if callable(getattr(handle, "remove", None))]
    for handle in removable:
        handle.remove()
    found: dict[str, Any] = {"handles": len(given), "removed": len(removable),
                             "before": _copied(norms)}
    model.zero_grad()
    _backward(model, x[1], y[1])
    found["after"] = _copied(norms)
    other = _filled(Scaled(*_sizes(parameters)), parameters)
    for name, net in (("anew", model), ("fresh", other)):
        net.zero_grad()
        norms_there, handles = _attach(namespace, net)
        found[f"handles_{name}"] = len(_each(handles))
        _backward(net, x[1], y[1])
        _backward(net, x[1], y[1])
        found[name] = _copied(norms_there)
    return {**found, "old": _copied(norms)}


def many_steps(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
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
    alive = sum(token() is not None for token in tokens)
    return {"recorded": len(_items(kept[0])), "alive": alive, "attached": attached}


def total(namespace: Mapping[str, Any], values: torch.Tensor) -> Any:
    """global_norm of a dict of norms, and the names that are left in it.

    The norms are floats; who works with tensors without dimensions throughout is given those.
    """
    norms: dict[str, Any] = {f"layers.{i}.weight": abs(value) for i, value in enumerate(values)}
    floats: dict[str, Any] = {name: float(value) for name, value in norms.items()}
    try:
        given, found = floats, namespace["global_norm"](floats)
    except (AttributeError, TypeError):
        given, found = norms, namespace["global_norm"](norms)
    return {"total": found, "left": [str(name) for name in given]}


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
    """(norms, handles) as the student's function returned them."""
    return _told_apart(namespace["attach_gradient_norm_hooks"](model))


def _told_apart(returned: Any) -> tuple[Any, Any]:
    """(norms, handles), in whichever order they came; a dict alone is norms without handles."""
    if not isinstance(returned, tuple | list) or not returned:
        return returned, None
    first, second = returned[0], returned[1] if len(returned) > 1 else None
    swapped = isinstance(second, Mapping) and not isinstance(first, Mapping)
    return (second, first) if swapped else (first, second)


def _backward(model: nn.Module, x: torch.Tensor, y: torch.Tensor, scale: float = 1.0) -> None:
    torch.autograd.backward(scale * nn.functional.mse_loss(model(x), y))


def _state(model: nn.Module) -> dict[str, Any]:
    """Parameters, gradients and training modes, by what they are called in a sentence."""
    numbers = {name: (p.tolist(), None if p.grad is None else p.grad.tolist())
               for name, p in model.named_parameters()}
    return {"the training mode": [module.training for module in model.modules()],
            **{f"`{name}`": value for name, (value, _) in numbers.items()},
            **{f"the gradient of `{name}`": gradient for name, (_, gradient) in numbers.items()}}


def _items(norms: Any) -> list[tuple[Any, Any]]:
    return [(name, norms[name]) for name in list(norms)] if isinstance(norms, Mapping) else []


def _copied(norms: Any) -> Any:
    """The norms as they are now; the name of the type of what is no dict."""
    if not isinstance(norms, Mapping):
        return type(norms).__name__
    return {name: value.detach().clone() if isinstance(value, torch.Tensor) else value
            for name, value in _items(norms)}


def _each(handles: Any) -> list[Any]:
    """The handles, whether they came as a list, a tuple, a dict or one alone."""
    if isinstance(handles, Mapping):
        return list(handles.values())
    if isinstance(handles, list | tuple | set | frozenset):
        return list(handles)
    return [] if handles is None else [handles]
