"""torch.compile without compiling: what it is given runs as it is.

A sandbox has no C++ compiler, and importing PyTorch's own takes longer than most calls may.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

OFF = "TORCHDYNAMO_DISABLE"    # for what calls torch._dynamo itself, which asks each time


def enter() -> None:
    """From here on nothing is compiled in this process."""
    owner: Any = torch
    owner.compile, os.environ[OFF] = uncompiled, "1"


@contextmanager
def entered() -> Iterator[None]:
    """Within, nothing is compiled."""
    owner: Any = torch
    compiles, switch = owner.compile, os.environ.get(OFF, "")
    enter()
    try:
        yield
    finally:
        owner.compile, os.environ[OFF] = compiles, switch


def uncompiled(model: Any = None, **_options: Any) -> Any:
    """Stands for torch.compile: of a function, of a module, or a decorator, with arguments or without."""
    if model is None:
        return uncompiled
    return _twin(model) if isinstance(model, torch.nn.Module) else model


def _twin(model: Any) -> Any:
    """Another module with the same parameters, hooks, mode: all that one of the two is given, both have.

    It is of the model's class, so that it is looked at as the model would be, and has `_orig_mod`.
    """
    kind: Any = type(model)
    members = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__,
               "_orig_mod": property(lambda _: model),
               "__reduce_ex__": lambda *_: (copy.copy, (model,)),
               "__deepcopy__": lambda _, memo: _twin(copy.deepcopy(model, memo))}
    own: type = type(kind)(kind.__name__, (kind,), members)
    twin: Any = object.__new__(own)
    object.__setattr__(twin, "__dict__", vars(model))
    return twin
