"""What the simulation cannot do says so: one exception class, and stand-ins that raise it."""

# ruff: noqa: ARG001 (the signatures are PyTorch's)
from __future__ import annotations

from collections.abc import Callable
from typing import Any


class SimulationLimit(NotImplementedError):  # noqa: N818 - a limit is no error of the code that met it
    """The simulated GPU cannot do this; a real one might. Says nothing about the code that asked."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"the simulated GPU cannot do this: {operation}")
        self.operation = operation


def unable(operation: str) -> Callable[..., Any]:
    """A stand-in for a function that the simulation lacks."""

    def refuse(*args: object, **kwargs: object) -> Any:
        raise SimulationLimit(operation)

    return refuse


def unable_class(operation: str) -> type:
    """A stand-in for a class that the simulation lacks: it can be named and subclassed, not made."""
    return type(operation.rpartition(".")[2], (), {"__init__": unable(operation)})
