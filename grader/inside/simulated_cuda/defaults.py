"""torch.set_default_tensor_type, of before there was a default device: a dtype and where it is."""

from __future__ import annotations

import functools
from typing import Any

import torch

from .patches import Patches


def install(patches: Patches) -> None:
    """Let it take the types of simulated GPUs, too."""
    original: Any = torch.set_default_tensor_type

    @functools.wraps(original)
    def put(kind: Any, /) -> None:
        name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__name__}"
        original(name.replace("torch.cuda.", "torch."))
        if name.startswith("torch.cuda."):
            torch.set_default_device("cuda")

    patches.put(torch, "set_default_tensor_type", put)
