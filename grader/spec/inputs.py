"""Inputs of calls and probes: drawn anew for each batch from its seed, the same for every student."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from grader.wall import wire
from grader.wall.values import (
    Device,
    MappingValue,
    Nothing,
    Real,
    SequenceValue,
    TensorRef,
    Text,
    Truth,
    Value,
    Whole,
)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A tensor of random numbers, drawn anew for each batch from its seed and the same for every student."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    law: str = "normal"  # or "uniform"
    scale: float = 1.0   # standard deviation, or the bound of U(-scale, scale)


def normal(*shape: int, std: float = 1.0, dtype: str = "float32") -> Drawn:
    """A tensor from N(0, std^2)."""
    return Drawn(shape=shape, dtype=dtype, scale=std)


def uniform(*shape: int, bound: float = 1.0, dtype: str = "float32") -> Drawn:
    """A tensor from U(-bound, bound)."""
    return Drawn(shape=shape, dtype=dtype, law="uniform", scale=bound)


def empty(*shape: int, dtype: str = "float32") -> Drawn:
    """A tensor to be filled. It holds numbers from U(2, 3), no plausible weights, so what stays unfilled is
    seen."""
    return Drawn(shape=shape, dtype=dtype, law="unfilled")


@dataclass(frozen=True)
class On:
    """A torch.device as an argument: On("cuda:0")."""

    device: str


@dataclass(frozen=True)
class Strange:
    """A value that is no plain data. Equal to nothing."""

    kind: str

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


def seed_for(*words: object) -> int:
    """A seed of 63 bits from the batch's seed and what it is for."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*words: object) -> torch.Generator:
    """A generator for `words`, seeded by `seed_for`."""
    return torch.Generator().manual_seed(seed_for(*words))


def _draw(spec: Drawn, generator: torch.Generator) -> torch.Tensor:
    out = torch.empty(spec.shape, dtype=torch.float64)
    if spec.law == "normal":
        out.normal_(0.0, spec.scale, generator=generator)
    elif spec.law == "uniform":
        out.uniform_(-spec.scale, spec.scale, generator=generator)
    else:
        out.uniform_(2.0, 3.0, generator=generator)
    return out.to(getattr(torch, spec.dtype))


def resolved(template: Any, generator: torch.Generator) -> Any:
    """The template with every `Drawn` in it drawn, in the order in which they stand."""
    if isinstance(template, Drawn):
        return _draw(template, generator)
    if isinstance(template, Mapping):
        return {k: resolved(v, generator) for k, v in template.items()}
    if isinstance(template, list | tuple):
        return type(template)(resolved(v, generator) for v in template)
    return template


def prove_input(template: Any) -> None:
    """See that a template can be an input: said where the step is written, before anything is drawn.

    Raises:
        TypeError: it, or something within it, cannot be one.
    """
    if isinstance(template, Mapping):
        for part in (*template.keys(), *template.values()):
            prove_input(part)
    elif isinstance(template, list | tuple):
        for part in template:
            prove_input(part)
    elif not isinstance(template, None | bool | int | float | str | On | Drawn | torch.Tensor):
        raise TypeError(f"a {type(template).__name__} cannot be an input; make it in a probe and pass it "
                        "from there (inputs are numbers, text, tensors, normal(...), lists, dicts of them)")


def encoded(value: Any, key: str, arrays: dict[str, wire.Array]) -> Value:
    """A trusted Python value as a record; tensors go into `arrays`.

    Raises:
        TypeError: a value that cannot be an input.
    """
    if value is None:
        return Nothing()
    if isinstance(value, bool):
        return Truth(value=value)
    if isinstance(value, int):
        return Whole(value=value)
    if isinstance(value, float):
        return Real(value=value.hex())
    if isinstance(value, str):
        return Text(value=value)
    if isinstance(value, On):
        return Device(value=value.device)
    if isinstance(value, torch.Tensor):
        arrays[key] = wire.from_tensor(value)
        return TensorRef(key=key, dtype=arrays[key].dtype, shape=arrays[key].shape)
    if isinstance(value, Mapping):
        return MappingValue(items=tuple((encoded(k, f"{key}/k{i}", arrays), encoded(v, f"{key}/{i}", arrays))
                                     for i, (k, v) in enumerate(value.items())))
    if isinstance(value, list | tuple):
        return SequenceValue(kind=type(value).__name__,
                          items=tuple(encoded(v, f"{key}/{i}", arrays) for i, v in enumerate(value)))
    raise TypeError(f"a {type(value).__name__} cannot be an input")
