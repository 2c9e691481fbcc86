"""What two steps of training come to, where each does the right things in the right order, and where not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from grader.spec import Diagnosis, Seen, derived, same

from .misconceptions import CLIPPED, EVALUATED, NO_UPDATE, NOT_CLEARED, STEP_FIRST, STEPPED_TWICE

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
    afterwards: list[float]     # the losses of the same batches, after each step


@derived
def trained(seen: Seen) -> Trained:
    """What a right step makes of the inputs that the experiment was given."""
    return training(seen, RIGHT_ORDER)


def training(seen: Seen, order: Sequence[str], *, clip: float | None = None,
             dropped: bool = True) -> Trained:
    """The same, where each step does these things in this order; perhaps with clipped gradients, or without
    the dropout of the probe."""
    p = {name: value.clone().requires_grad_() for name, value in seen.given["parameters"].items()}
    optimizer = torch.optim.SGD(p.values(), lr=seen.given["lr"], momentum=0.9)
    losses: list[torch.Tensor] = []
    afterwards: list[float] = []

    def loss_of(x: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(x @ p["0.weight"].mT + p["0.bias"])
        hidden = hidden * (0.5 + torch.arange(hidden.shape[1]) % 2) if dropped else hidden
        output = hidden @ p["2.weight"].mT + p["2.bias"]
        return torch.nn.functional.cross_entropy(output, targets)

    for x, targets in zip(seen.given["x"], seen.given["scores"].argmax(-1), strict=True):
        for what in order:
            if what == "forward":
                losses.append(loss_of(x, targets))
            elif what == "backward":
                losses[-1].backward()  # type: ignore[no-untyped-call]
                if clip is not None:
                    torch.nn.utils.clip_grad_norm_(p.values(), clip)
            elif what == "step":
                optimizer.step()
            else:
                optimizer.zero_grad()
        afterwards.append(float(loss_of(x, targets).detach()))
    return Trained({name: value.detach() for name, value in p.items()},
                   [float(loss.detach()) for loss in losses], afterwards)


def mistaken(seen: Seen) -> Iterator[tuple[Diagnosis, Trained]]:
    """What comes of the two batches under each misconception."""
    for diagnosis, order in WRONG_ORDERS.items():
        yield diagnosis, training(seen, order)
    for norm in (0.1, 0.5, 1.0, 2.0, 5.0, 10.0):
        yield CLIPPED, training(seen, RIGHT_ORDER, clip=norm)
    yield EVALUATED, training(seen, RIGHT_ORDER, dropped=False)


def learned(seen: Seen) -> dict[str, torch.Tensor]:
    """The parameters after the student's two steps."""
    found = seen.mapping().mapping("parameters")
    return {name: found.tensor(name, start.shape) for name, start in seen.given["parameters"].items()}


def close_to(got: dict[str, torch.Tensor], want: dict[str, torch.Tensor], rtol: float) -> bool:
    return all(same(got[name], want[name], rtol) for name in want)
