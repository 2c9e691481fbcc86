"""torch.device, Generator, Stream and Event: the real classes, through names that know of the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .patches import Patches

Maker = Callable[..., Any]


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
