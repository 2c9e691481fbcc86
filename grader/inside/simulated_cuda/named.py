"""Names of torch's Python surface that would reach a device without asking torch.cuda first: torch.device,
Generator, Stream and Event, which are made through names that know of the world, and some that refuse."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from typing import Any

import torch

from .patches import Patches

Maker = Callable[..., Any]
PLANS = ("_cufft_get_plan_cache_size", "_cufft_get_plan_cache_max_size", "_cufft_set_plan_cache_max_size",
         "_cufft_clear_plan_cache")


class StandIn(type):
    """The type of a name that makes instances of a real class, and passes for it."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, vars(cls)["real"])

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, vars(cls)["real"]) or other is cls

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is vars(cls)["real"]

    def __hash__(cls) -> int:
        return hash(vars(cls)["real"])

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return vars(cls)["make"](*args, **kwargs)


def install(patches: Patches, **makers: Maker) -> None:
    """Let each of these names of torch make what its maker makes."""
    for name, make in makers.items():
        real = getattr(torch, name)
        body = {"real": real, "make": staticmethod(make), "__module__": "torch", "__doc__": real.__doc__}
        patches.put(torch, name, StandIn(name, (), body))


class TensorType(type):
    """`torch.cuda.FloatTensor` and its like: a name for a dtype on a GPU."""

    plain: str
    make: Maker

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, torch.Tensor) and value.type() == f"torch.cuda.{cls.plain}"

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.make(*args, **kwargs)


def tensor_type(name: str, make: Maker) -> type:
    plain = f"{name}Tensor"
    return TensorType(plain, (), {"plain": plain, "make": staticmethod(make), "__module__": "torch.cuda"})


def refusals(patches: Patches, refusing: Callable[[str], Maker]) -> None:
    """Let what no world can do refuse: each by the function that `refusing` makes of its name."""
    plans = torch.backends.cuda.cuFFTPlanCache
    for name in PLANS:
        patches.put(torch, name, refusing(f"torch.{name}"))
    for name in ("size", "max_size"):
        refuse = refusing(f"torch.backends.cuda.cufft_plan_cache.{name}")
        patches.put(plans, name, property(refuse, refuse))
    for name in vars(torch.cuda.sparse).copy():
        if name.endswith("Tensor"):
            refuse = refusing(f"torch.cuda.sparse.{name}")
            patches.put(torch.cuda.sparse, name, tensor_type(f"sparse.{name.removesuffix('Tensor')}", refuse))
    green = type("GreenContext", (), {"__new__": refusing("torch.cuda.GreenContext")})
    for path, name, value in (
        ("torch.cuda", "GreenContext", green), ("torch.cuda.green_contexts", "GreenContext", green),
        ("torch.cuda.graph_annotations", "is_available", lambda: False),
    ):
        with contextlib.suppress(ImportError):      # newer than the oldest torch
            module = importlib.import_module(path)
            if name in vars(module):
                patches.put(module, name, value)
