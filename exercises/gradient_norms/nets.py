"""The nets that the probes hang hooks on: their parameters, inputs and targets, to be drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from grader.spec import normal

# above 1: with a single example every weight's gradient has rank 1, and the spectral norm is the L2 norm
BATCH = 32


def linear(name: str, n_in: int, n_out: int) -> dict[str, Any]:
    """The parameters of one layer, to be drawn."""
    return {f"{name}.weight": normal(n_out, n_in, std=n_in**-0.5, dtype="float64"),
            f"{name}.bias": normal(n_out, std=0.1, dtype="float64")}


def data(n_in: int, n_out: int, *batches: int) -> dict[str, Any]:
    """Inputs and targets, one batch or several of BATCH examples."""
    return {"x": normal(*batches, BATCH, n_in, dtype="float64"),
            "y": normal(*batches, BATCH, n_out, dtype="float64")}


def scaled(*sizes: int, batches: tuple[int, ...] = ()) -> dict[str, Any]:
    """The inputs of a probe with the net Scaled(*sizes)."""
    drawn: dict[str, Any] = {"gain": normal(dtype="float64")}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        drawn |= linear(f"layers.{i}", n_in, n_out)
    return {"parameters": drawn, **data(sizes[0], sizes[-1], *batches)}


PARTLY_FROZEN = (linear("first", 8, 8) | linear("frozen", 8, 8) | linear("unused", 8, 8)
                 | {"last.weight": normal(8, 8, std=8**-0.5, dtype="float64")})
TIED = linear("first", 8, 8) | {"second.bias": normal(8, std=0.1, dtype="float64")}
