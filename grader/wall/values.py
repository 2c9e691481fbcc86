"""What goes into a call and what comes out of it: plain data, as records that both sides of the wall know.

Every record that crosses the wall is frozen and strict; here are its base and the bounds that hold when one
is read.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# Bounds that hold when a record is read: what a sandbox writes is no longer than what ours would write.
Int64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Name = Annotated[str, Meta(max_length=200)]
Words = Annotated[str, Meta(max_length=5000)]
Names = Annotated[tuple[Name, ...], Meta(max_length=200)]


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every record: frozen, keyword-only, strict."""


class Nothing(Record, frozen=True, kw_only=True, tag="none"):
    """None."""


class Truth(Record, frozen=True, kw_only=True, tag="truth"):
    value: bool


class Whole(Record, frozen=True, kw_only=True, tag="whole"):
    value: Int64
    kind: Name = "int"  # the type's name: "int", "int64", ...


class Real(Record, frozen=True, kw_only=True, tag="real"):
    value: Name           # float.hex(), "nan", "inf" or "-inf": JSON has no word for the last three
    kind: Name = "float"


class Text(Record, frozen=True, kw_only=True, tag="text"):
    value: str
    kind: Name = "str"


class TensorRef(Record, frozen=True, kw_only=True, tag="tensor"):
    """A tensor whose numbers travel beside the JSON, as safetensors, under `key`."""

    key: str                    # two references with one key are one and the same object
    dtype: Name                 # PyTorch's name without "torch.": "float32"
    shape: tuple[int, ...]
    device: Name = "cpu"
    requires_grad: bool = False
    parameter: bool = False     # isinstance(x, nn.Parameter)


class Device(Record, frozen=True, kw_only=True, tag="device"):
    value: Name  # str(torch.device)


class SequenceValue(Record, frozen=True, kw_only=True, tag="sequence"):
    items: tuple[Value, ...]
    kind: Name = "list"  # "list", "tuple" or another type's name


class MappingValue(Record, frozen=True, kw_only=True, tag="mapping"):
    items: tuple[tuple[Value, Value], ...]
    kind: Name = "dict"


class Opaque(Record, frozen=True, kw_only=True, tag="opaque"):
    """Anything that is not plain data: only the type's name travels."""

    kind: Name


Value = Nothing | Truth | Whole | Real | Text | TensorRef | Device | SequenceValue | MappingValue | Opaque
