"""Python objects <-> plain values. Only plain data gets out; of everything else, the type's name.

A tensor's numbers are read through the methods of torch's own base class, bound before any student code ran,
with overrides switched off: what a subclass says about itself is not asked.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Mapping as MappingType
from typing import Any

import numpy
import torch

from grader.wall import wire
from grader.wall.text import name_of, storable
from grader.wall.values import (
    Device,
    MappingValue,
    Nothing,
    Opaque,
    Real,
    SequenceValue,
    TensorRef,
    Text,
    Truth,
    Value,
    Whole,
)

MAX_DEPTH = 8          # three JSON brackets a mapping, and wire allows 32
MAX_ITEMS = 100_000    # values in one step
MAX_TENSORS = wire.MAX_TENSORS // 4
MAX_TEXT = 1 << 20     # characters

Base: Any = torch._C.TensorBase
DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in wire.NAMES}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
_dtype, _layout, _shape = Base.dtype.__get__, Base.layout.__get__, Base.shape.__get__
_requires_grad, _itemsize = Base.requires_grad.__get__, Base.itemsize.__get__
_detach, _cpu, _contiguous = Base.detach, Base.cpu, Base.contiguous
_data_ptr, _numel = Base.data_ptr, Base.numel
_resolve = Base.resolve_neg
_only_base: Any = torch._C.DisableTorchFunctionSubclass  # modes (a simulated device) still answer
_no_overrides: Any = torch._C.DisableTorchFunction       # nor do they
_no_dispatch: Any = torch._C._DisableTorchDispatch
_string_at, _Tensor = ctypes.string_at, torch.Tensor
_Parameter, _torch_device = torch.nn.Parameter, torch.device
_strided = torch.strided


class TooMuch(BaseException):
    """More came back than may leave. Not an Exception: a student's `except Exception` must not eat it."""


class SharedMemoryError(ValueError):
    """Numbers that another process can change are nobody's answer."""

    def __init__(self) -> None:
        super().__init__("the numbers lie in memory that other processes can write; return a copy, .clone()")


class Encoder:
    """Turns the objects of one step into values. Its arrays' keys begin with the step's."""

    def __init__(self, prefix: str, most_bytes: int) -> None:
        self.arrays: dict[str, wire.Array] = {}
        self.prefix = prefix
        self.bytes_left = most_bytes
        self.items_left = MAX_ITEMS
        self.seen: dict[int, tuple[object, Value]] = {}

    def new_round(self) -> None:
        """Objects are the same only within one round; afterwards they may hold other numbers."""
        self.seen.clear()

    def encode(self, thing: object, depth: int = 0) -> Value:
        """The plain value of an object.

        Raises:
            TooMuch: nested too deeply, too many items, or too many bytes.
            SharedMemoryError: a tensor or an array in memory that other processes can write.
        """
        self.items_left -= 1
        if self.items_left < 0 or depth > MAX_DEPTH:
            raise TooMuch("too many values" if depth <= MAX_DEPTH else "nested too deeply")
        kind = type(thing)
        if thing is None:
            return Nothing()
        if issubclass(kind, (bool, numpy.bool_)):
            return Truth(value=bool(thing))
        if issubclass(kind, (int, numpy.integer)):
            whole: Any = thing
            return _whole(int.__index__(whole) if issubclass(kind, int) else int(whole), name_of(kind))
        if issubclass(kind, (float, numpy.floating)):
            real: Any = thing
            number = float.__float__(real) if issubclass(kind, float) else float(real)
            return Real(value=float.hex(number), kind=name_of(kind))
        if issubclass(kind, str):
            return self._text(str.__str__(thing), name_of(kind))
        if issubclass(kind, _torch_device):
            return Device(value=str(thing))
        return self._compound(thing, kind, depth)

    def _compound(self, thing: Any, kind: type, depth: int) -> Value:
        if issubclass(kind, (_Tensor, numpy.ndarray)):
            if id(thing) not in self.seen:
                value = self._tensor(thing, kind) if issubclass(kind, _Tensor) else self._ndarray(thing, kind)
                self.seen[id(thing)] = (thing, value)
            return self.seen[id(thing)][1]
        for plain_kind in (list, tuple, set, frozenset):
            if issubclass(kind, plain_kind):
                items = tuple(self.encode(item, depth + 1) for item in plain_kind.__iter__(thing))
                return SequenceValue(items=items, kind=name_of(kind))
        if issubclass(kind, dict):
            return MappingValue(items=tuple((self.encode(key, depth + 1), self.encode(value, depth + 1))
                                       for key, value in dict.items(thing)), kind=name_of(kind))
        return Opaque(kind=name_of(kind))

    def _text(self, text: str, kind: str) -> Value:
        self._take(len(text))
        if len(text) > MAX_TEXT:
            raise TooMuch(f"a text of {len(text)} characters")
        return Text(value=storable(text, MAX_TEXT), kind=kind)

    def _take(self, size: int) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise TooMuch("more bytes than may leave")

    def _keep(self, dtype: str, shape: tuple[int, ...], data: bytes) -> str:
        if len(self.arrays) >= MAX_TENSORS:
            raise TooMuch("too many tensors")
        key = f"{self.prefix}/{len(self.arrays)}"
        self.arrays[key] = wire.Array(dtype=dtype, shape=shape, data=data)
        return key

    def _tensor(self, tensor: Any, kind: type) -> Value:
        with _only_base():  # looked up now: a simulated world has put a property of its own there
            device = storable(str(_Tensor.device.__get__(tensor)), 32)
        with _no_overrides(), _no_dispatch():
            dtype, shape = NAMES.get(_dtype(tensor)), tuple(int(n) for n in _shape(tensor))
            if dtype is None or _layout(tensor) is not _strided or len(shape) > wire.MAX_DIMENSIONS:
                return Opaque(kind=name_of(kind))
            self._take(_numel(tensor) * _itemsize(tensor))
            try:
                if _numel(tensor):
                    _of_its_own(_data_ptr(tensor))
                data = _bytes_of(tensor)
            except SharedMemoryError:
                raise
            except (RuntimeError, NotImplementedError, ValueError):  # meta, and wrappers that hold no numbers
                return Opaque(kind=name_of(kind))
            return TensorRef(key=self._keep(dtype, shape, data), dtype=dtype, shape=shape, device=device,
                             requires_grad=bool(_requires_grad(tensor)),
                             parameter=issubclass(kind, _Parameter))

    def _ndarray(self, array: Any, kind: type) -> Value:
        view = numpy.ndarray.view(array, numpy.ndarray)
        dtype = view.dtype.name
        if dtype not in DTYPES or view.ndim > wire.MAX_DIMENSIONS:
            return Opaque(kind=name_of(kind))
        self._take(view.nbytes)
        if view.size:
            _of_its_own(view.__array_interface__["data"][0])
        data = view.astype(view.dtype.newbyteorder("<"), copy=False).tobytes()
        return TensorRef(key=self._keep(dtype, view.shape, data), dtype=dtype, shape=view.shape)


def _whole(number: int, kind: str) -> Value:
    return Whole(value=number, kind=kind) if -(1 << 63) < number < 1 << 63 else Opaque(kind=kind)


@functools.cache
def _shared_is_seen() -> bool:
    """Can this system tell shared memory from a process's own?"""
    if sys.platform != "linux":
        return False
    from grader.inside.linux import is_shared
    own = ctypes.create_string_buffer(1)
    return not is_shared(ctypes.addressof(own))


def _of_its_own(address: int) -> None:
    if _shared_is_seen():
        from grader.inside.linux import is_shared
        if is_shared(address):
            raise SharedMemoryError


def _bytes_of(tensor: Any) -> bytes:
    """The numbers, row-major. Called with overrides switched off."""
    ready = _contiguous(_resolve(_cpu(_detach(tensor))))
    size = _numel(ready) * _itemsize(ready)
    if not size:
        return b""
    address = _data_ptr(ready)
    if not address:
        raise ValueError("no storage")
    return _string_at(address, size)


class Decoder:
    """Turns the values of a step into fresh objects: one decoder for each call."""

    def __init__(self, arrays: MappingType[str, wire.Array], device: str = "cpu") -> None:
        """`device`: where tensors go whose record names none."""
        self.arrays, self.device = arrays, device
        self.made: dict[str, torch.Tensor] = {}

    def decode(self, value: Value) -> Any:
        match value:
            case Nothing() | Opaque():
                return None
            case Truth() | Whole() | Text():
                return value.value
            case Real():
                return float.fromhex(value.value)
            case Device():
                return torch.device(value.value)
            case SequenceValue():
                items = [self.decode(item) for item in value.items]
                return tuple(items) if value.kind == "tuple" else items
            case MappingValue():
                return {self.decode(key): self.decode(item) for key, item in value.items}
            case TensorRef():
                return self._tensor(value)

    def _tensor(self, ref: TensorRef) -> torch.Tensor:
        if ref.key not in self.made:
            tensor = tensor_of(self.arrays[ref.key])
            device = self.device if ref.device == "cpu" else ref.device
            if device != "cpu":
                tensor = tensor.to(device)
            if ref.parameter:
                tensor = torch.nn.Parameter(tensor, requires_grad=ref.requires_grad)
            elif ref.requires_grad:
                tensor.requires_grad_()
            self.made[ref.key] = tensor
        return self.made[ref.key]


_frombuffer, _empty = torch.frombuffer, torch.empty
_reshape = Base.reshape


def tensor_of(array: wire.Array) -> torch.Tensor:
    """A tensor with memory of its own."""
    with _no_overrides():
        dtype = DTYPES[array.dtype]
        if not array.data:
            return _empty(array.shape, dtype=dtype, device="cpu")
        made: torch.Tensor = _reshape(_frombuffer(bytearray(array.data), dtype=dtype), array.shape)
        return made
