"""What two steps of training come to, where each does the right things in the right order, and where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from grader.spec import Seen, derived, same

from .misconceptions import NO_UPDATE, NOT_CLEARED, STEP_FIRST, STEPPED_TWICE

RIGHT_ORDER = ("zero", "forward", "backward", "step")
WRONG_ORDERS = {
    NOT_CLEARED: ("forward", "backward", "step"),
    NO_UPDATE: ("zero", "forward", "backward"),
    STEP_FIRST: ("step", "zero", "forward", "backward"),
    STEPPED_TWICE: ("zero", "forward", "backward", "step", "step"),
}


class Trained(NamedTuple):
    """What comes of the two batches."""

    parameters: dict[str, torch.Tensor]
    losses: list[float]


@derived
def trained(seen: Seen) -> Trained:
    """What a right step makes of the inputs that the experiment was given."""
    return training(seen, RIGHT_ORDER)


def training(seen: Seen, order: Sequence[str]) -> Trained:
    """The same, where each step does these things in this order."""
    p = {name: value.clone().requires_grad_() for name, value in seen.given["parameters"].items()}
    optimizer = torch.optim.SGD(p.values(), lr=0.1, momentum=0.9)
    losses: list[torch.Tensor] = []
    for x, targets in zip(seen.given["x"], seen.given["scores"].argmax(-1), strict=True):
        for what in order:
            if what == "forward":
                hidden = torch.tanh(x @ p["0.weight"].mT + p["0.bias"])
                output = hidden @ p["2.weight"].mT + p["2.bias"]
                losses.append(torch.nn.functional.cross_entropy(output, targets))
            elif what == "backward":
                losses[-1].backward()  # type: ignore[no-untyped-call]
            elif what == "step":
                optimizer.step()
            else:
                optimizer.zero_grad()
    return Trained({name: value.detach() for name, value in p.items()},
                   [float(loss.detach()) for loss in losses])


def learned(seen: Seen) -> dict[str, torch.Tensor]:
    """The parameters after the student's two steps."""
    found = seen.mapping().mapping("parameters")
    return {name: found.tensor(name, start.shape) for name, start in seen.given["parameters"].items()}


def close_to(got: dict[str, torch.Tensor], want: dict[str, torch.Tensor], rtol: float) -> bool:
    return all(same(got[name], want[name], rtol) for name in want)
