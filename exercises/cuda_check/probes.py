"""What the student's functions do in a world of devices: where things are afterwards, and what
was learned."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

import torch
from torch import nn

QUIET = ("CACHE", "PRECALL", "PUSH_NULL", "NOP", "RESUME", "EXTENDED_ARG")


class Watched(nn.Module):
    """A linear layer that writes down where its inputs are, and takes them from anywhere."""

    shift: torch.Tensor

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((n_out, n_in), 0.1))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.register_buffer("shift", torch.zeros(n_in))
        self.seen: list[str] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(str(x.device))
        place = self.weight.device
        return nn.functional.linear(x.to(place) - self.shift.to(place), self.weight, self.bias.to(place))


class FixedDropout(nn.Module):
    """Dropout that drops half of each number in every second place while a net is trained, so that no draw
    decides what is right."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = torch.arange(x.shape[-1], device=x.device)
        return x * (0.5 + places % 2).to(x.dtype) if self.training else x


def where(namespace: Mapping[str, Any], x: torch.Tensor, y: torch.Tensor, device: torch.device
          ) -> dict[str, Any]:
    """After one step: the devices of parameters and buffers, and those of the inputs and targets that were
    used. Another model has made a step on the CPU before."""
    train_step, targets = namespace["train_step"], list[str]()

    def loss_fn(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        targets.append(str(target.device))
        return nn.functional.mse_loss(output, target.to(output.device))

    for place in (torch.device("cpu"), device):
        model = Watched(x.shape[1], y.shape[1])
        targets.clear()
        try:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            train_step(model, (x.clone(), y.clone()), loss_fn, optimizer, place)
        except Exception:
            if place is device:
                raise
    return {"parameters": [str(p.device) for p in model.parameters()],
            "buffers": [str(b.device) for b in model.buffers()],
            "inputs": model.seen, "targets": targets}


def two_steps(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
              scores: torch.Tensor, lr: float, device: torch.device) -> dict[str, Any]:
    """The parameters after two steps with one optimizer, and what each step returned."""
    hidden, n_in = parameters["0.weight"].shape
    model = nn.Sequential(nn.Linear(n_in, hidden), nn.Sequential(nn.Tanh(), FixedDropout()),
                          nn.Linear(hidden, scores.shape[-1]))
    model.load_state_dict(parameters)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = [namespace["train_step"](model, (inputs, targets), nn.functional.cross_entropy, optimizer,
                                      device)
              for inputs, targets in zip(x, scores.argmax(-1), strict=True)]
    return {"parameters": {name: p.detach().cpu() for name, p in model.named_parameters()}, "losses": losses}


def steps_end(namespace: Mapping[str, Any], parameters: dict[str, torch.Tensor], x: torch.Tensor,
              scores: torch.Tensor, lr: float, device: torch.device) -> None:
    """Two steps again, of which it only matters whether they raise."""
    two_steps(namespace, parameters, x, scores, lr, device)


def world_facts(_namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What torch itself says here."""
    count = torch.cuda.device_count()
    return {"names": [torch.cuda.get_device_name(i) for i in range(count)],
            "built_for_cuda": torch.version.cuda}


def habits(namespace: Mapping[str, Any], function: str) -> dict[str, list[str]]:
    """How a function is written: questions that it never calls, and strings that it compares
    something with."""
    found: dict[str, list[str]] = {"uncalled": [], "compared": []}
    code = getattr(namespace[function], "__code__", None)
    if isinstance(code, CodeType):
        for one in _nested(code):
            _note(one, found)
    return found


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _note(code: CodeType, found: dict[str, list[str]]) -> None:
    steps = [step for step in dis.get_instructions(code) if step.opname not in QUIET]
    for i, step in enumerate(steps):
        after = steps[i + 1].opname if i + 1 < len(steps) else ""
        asked = step.argval in ("is_available", "device_count") and step.opname.startswith("LOAD_")
        if asked and not after.startswith("CALL"):
            found["uncalled"].append(str(step.argval))
        if step.opname == "COMPARE_OP" and "=" in str(step.argval):
            sides = steps[max(i - 2, 0):i]
            # device.type is a string, and well compared with one; and a string in a call is not what is
            # compared
            if not any(side.argval == "type" or side.opname.startswith("CALL") for side in sides):
                found["compared"] += [str(s.argval) for s in sides
                                      if s.opname == "LOAD_CONST" and isinstance(s.argval, str)]
