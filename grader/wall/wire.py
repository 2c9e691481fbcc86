"""Records <-> bytes: JSON for structure, safetensors for every number. The only reader of what a sandbox
wrote.

A *parcel* is one record and the tensors it refers to::

    8 bytes  length of the JSON, little-endian
    JSON     the record
    rest     one safetensors file, or nothing

Reading is total: whatever bytes arrive, `read` returns the parcel or a `Garbled`; it never raises, and it
allocates nothing beyond the bytes it was given. Tensors stay bytes here; nobody needs torch to read a parcel.
"""

from __future__ import annotations

import ctypes
import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from safetensors import SafetensorError, TensorSpec, deserialize, serialize

from grader.wall.values import MappingValue, SequenceValue, TensorRef, Value

if TYPE_CHECKING:
    import torch  # reading a parcel needs no torch; only the two conversions at the end do

T = TypeVar("T")

# safetensors' name -> (PyTorch's name, bytes an element). Anything else is refused.
DTYPES = {
    "F64": ("float64", 8), "F32": ("float32", 4), "F16": ("float16", 2), "BF16": ("bfloat16", 2),
    "I64": ("int64", 8), "I32": ("int32", 4), "I16": ("int16", 2), "I8": ("int8", 1), "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}
NAMES = {torch: name for name, (torch, _) in DTYPES.items()}
MAX_TENSORS = 4096
MAX_DIMENSIONS = 8
MAX_HEADER = 1 << 20   # bytes of safetensors header
MAX_JSON = 16 << 20    # bytes of structure: an executed notebook with 8 MiB of output fits
MAX_NESTING = 32
# Possessive, and content with a string that never ends: linear in whatever arrives.
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How large a parcel may be, beside the bytes that are there."""

    json: int = MAX_JSON
    nesting: int = MAX_NESTING
    tensors: int = MAX_TENSORS
    header: int = MAX_HEADER


ARRIVING = Bounds()


@dataclass(frozen=True, kw_only=True)
class Array:
    """A tensor as bytes, row-major, little-endian."""

    dtype: str               # PyTorch's name without "torch."
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Garbled:
    """Bytes that are no parcel, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Parcel(Generic[T]):
    record: T
    arrays: Mapping[str, Array] = field(default_factory=dict)


def encode(record: msgspec.Struct, arrays: Mapping[str, Array] | None = None) -> bytes:
    """The parcel's bytes.

    Raises:
        ValueError: an array's dtype has no safetensors name.
    """
    return b"".join(parts(record, arrays or {}))


def parts(record: msgspec.Struct, arrays: Mapping[str, Array]) -> tuple[bytes, bytes]:
    """As `encode`: the record, and the numbers, of which there may be megabytes that nobody has to copy once
    more."""
    return head(record), pack(arrays)


def head(record: msgspec.Struct) -> bytes:
    """The record alone; the numbers it refers to, as they are packed, may follow."""
    text = msgspec.json.encode(record)
    return struct.pack("<Q", len(text)) + text


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Arrays as one safetensors file; empty for none."""
    if not arrays:
        return b""
    unknown = {a.dtype for a in arrays.values()} - NAMES.keys()
    if unknown:
        raise ValueError(f"no safetensors name for dtype {', '.join(sorted(unknown))}")
    # The arrays keep their bytes alive until serialize, which reads them by address, has returned.
    return bytes(serialize({key: TensorSpec(dtype=a.dtype, shape=a.shape, data_ptr=_address(a.data),
                                            data_len=len(a.data))
                            for key, a in arrays.items()}))


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def read(data: bytes | bytearray | memoryview, kind: Any,
         bounds: Bounds = ARRIVING) -> Parcel[Any] | Garbled:
    """The parcel of a record of type `kind`. Total."""
    opened = open_parcel(data, kind, bounds)
    if isinstance(opened, Garbled):
        return opened
    record, numbers = opened
    arrays = unpack(numbers, bounds)
    if isinstance(arrays, Garbled):
        return arrays
    return Parcel(record=record, arrays=arrays)


def open_parcel(data: bytes | bytearray | memoryview, kind: Any,
                bounds: Bounds = ARRIVING) -> tuple[Any, memoryview] | Garbled:
    """The record of type `kind` in a parcel, and its numbers as they came, neither looked at nor copied.
    Total."""
    data = memoryview(data)
    if len(data) < 8:
        return Garbled(reason="shorter than its header")
    (length,) = struct.unpack_from("<Q", data)
    if length > min(bounds.json, len(data) - 8):
        return Garbled(reason="the JSON is longer than what arrived, or than allowed")
    text = bytes(data[8:8 + length])
    if _nests_deeper(text, bounds.nesting):
        return Garbled(reason="the JSON is nested too deeply")
    try:
        record = msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError, MemoryError) as error:
        return Garbled(reason=f"not the JSON that was asked for: {str(error)[:200]}")
    return record, data[8 + length:]


def unpack(data: bytes | memoryview, bounds: Bounds = ARRIVING) -> dict[str, Array] | Garbled:
    """The arrays of a safetensors file. Total; caps and shapes are checked before any value is touched."""
    if not data:
        return {}
    refusal = _refused_header(data, bounds)
    if refusal:
        return Garbled(reason=refusal)
    try:
        found = deserialize(bytes(data))  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        return Garbled(reason=f"not safetensors: {str(error)[:200]}")
    arrays: dict[str, Array] = {}
    for key, tensor in found:
        dtype = DTYPES[tensor["dtype"]][0]
        arrays[key] = Array(dtype=dtype, shape=tuple(tensor["shape"]), data=bytes(tensor["data"]))
    return arrays


def _refused_header(data: bytes | memoryview, bounds: Bounds) -> str:
    """Why the header is not acceptable; empty where it is."""
    if len(data) < 8:
        return "safetensors: shorter than its header"
    (length,) = struct.unpack_from("<Q", data)
    if length > min(bounds.header, len(data) - 8):
        return "safetensors: header longer than what arrived, or than allowed"
    text = bytes(data[8:8 + length])
    if _nests_deeper(text, 4):
        return "safetensors: header nested too deeply"
    try:
        header = json.loads(text, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError) as error:
        return f"safetensors: {str(error)[:200]}"
    if not isinstance(header, dict) or len(header) > bounds.tensors:
        return "safetensors: too many tensors"
    for entry in header.values():
        refusal = _refused_entry(entry, len(data) - 8 - length)
        if refusal:
            return refusal
    return ""


def _refused_entry(entry: object, size: int) -> str:
    """Why one tensor of the header is not acceptable."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return "safetensors: an entry is not dtype, shape, data_offsets"
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        return "safetensors: a dtype that is not accepted"
    numbers = [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) else [None]
    if any(type(n) is not int or not 0 <= n < 1 << 40 for n in numbers):
        return "safetensors: a shape or an offset that is no size"
    if len(shape) > MAX_DIMENSIONS or len(offsets) != 2 or not offsets[0] <= offsets[1] <= size:
        return "safetensors: too many dimensions, or outside the file"
    if any(n > 1 << 31 for n in shape) or math.prod(shape) * DTYPES[dtype][1] != offsets[1] - offsets[0]:
        return "safetensors: the shape does not fit the bytes"
    if math.prod(max(n, 1) for n in shape) >= 1 << 40:  # empty, and yet torch could not work out its strides
        return "safetensors: an empty tensor of a shape that cannot be"
    return ""


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _nests_deeper(text: bytes, most: int) -> bool:
    """Are brackets outside strings nested more than `most` deep? Without recursion."""
    depth = 0
    for bracket in STRING.sub(b"", text).translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > most:
            return True
    return False


def tensors_of(value: Value) -> list[TensorRef]:
    """Every tensor reference within a value, in order."""
    if isinstance(value, TensorRef):
        return [value]
    if isinstance(value, SequenceValue):
        return [ref for item in value.items for ref in tensors_of(item)]
    if isinstance(value, MappingValue):
        return [ref for pair in value.items for item in pair for ref in tensors_of(item)]
    return []


def from_tensor(tensor: torch.Tensor) -> Array:
    """A plain CPU tensor as bytes; strided, of a dtype in `DTYPES`."""
    import torch

    flat = tensor.detach().to("cpu").contiguous()
    return Array(dtype=str(flat.dtype).removeprefix("torch."), shape=tuple(flat.shape),
                 data=flat.flatten().view(torch.uint8).numpy().tobytes())


def to_tensor(array: Array) -> torch.Tensor:
    """The tensor an array stands for, with memory of its own."""
    import torch

    dtype = getattr(torch, array.dtype)
    if not array.data:
        return torch.empty(array.shape, dtype=dtype)
    return torch.frombuffer(bytearray(array.data), dtype=dtype).reshape(array.shape)
