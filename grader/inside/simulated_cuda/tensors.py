"""The parts of torch's Python surface that name a device: factories, `.to` and its kin, and what a tensor
says of itself. Each is wrapped once; whatever is not listed here reaches dispatch.py by itself."""

# ruff: noqa: ARG001, ARG004, ARG005 (the signatures are PyTorch's)
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._device import _device_constructors

from .driver import CPU, Machine
from .limit import SimulationLimit
from .patches import Patches
from .tags import NEUTRAL, storage_of

Function = Callable[..., Any]
_base: Any = torch._C.TensorBase
LIKE = ("empty_like", "full_like", "ones_like", "rand_like", "randint_like", "randn_like", "zeros_like")
NEW = ("new", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_tensor", "new_zeros")
COPIES = ("as_tensor", "asarray", "tensor")     # of data, which may be a tensor with a device of its own
TYPES = ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")


class Asking:
    """Within it, tensors made for no input are on this device."""

    __slots__ = ("before", "device", "here")

    def __init__(self, machine: Machine, device: torch.device) -> None:
        self.here, self.device = machine.here, device

    def __enter__(self) -> None:
        self.before = self.here.asked
        self.here.asked = self.device

    def __exit__(self, *raised: object) -> None:
        self.here.asked = self.before


def copier(machine: Machine) -> Callable[[torch.Tensor, torch.device, torch.dtype, Any], torch.Tensor]:
    """A differentiable copy to another device: its gradient goes the way back."""

    class ToCopy(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(tensor: Any, target: Any, dtype: Any, memory_format: Any) -> Any:
            with Asking(machine, target):
                return torch.ops.aten._to_copy.default(tensor, dtype=dtype, memory_format=memory_format)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.source, ctx.dtype = machine.device_of(inputs[0]), inputs[0].dtype

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad.to(ctx.source, ctx.dtype), None, None, None

    ToCopy._backward_cls.__name__ = "ToCopyBackward0"      # what printing shows

    def copy(tensor: torch.Tensor, target: torch.device, dtype: torch.dtype,
             memory_format: Any) -> torch.Tensor:
        if tensor.requires_grad and torch.is_grad_enabled():
            apply: Any = ToCopy.apply
            return apply(tensor, target, dtype, memory_format)  # type: ignore[no-any-return]
        return ToCopy.forward(tensor, target, dtype, memory_format)  # type: ignore[no-any-return]

    return copy


def mover(machine: Machine) -> Callable[..., torch.Tensor]:
    """`Tensor.to`, once its arguments are sorted out."""
    copy = copier(machine)
    original = _base.to

    def move(tensor: torch.Tensor, device: Any, dtype: torch.dtype | None = None, again: bool = False,
             memory_format: Any = None) -> torch.Tensor:
        target, source = machine.place(device), machine.device_of(tensor)
        if target.type not in ("cpu", "cuda") or source.type not in ("cpu", "cuda"):
            return original(tensor, target, dtype or tensor.dtype, copy=again)  # type: ignore[no-any-return]
        dtype = dtype or tensor.dtype
        if target == source:
            kept = {} if memory_format is None else {"memory_format": memory_format}
            return original(tensor, dtype, copy=again, **kept)  # type: ignore[no-any-return]
        if torch.nn.parameter.is_lazy(tensor):
            with torch._C.DisableTorchFunctionSubclass():
                return copy(tensor, target, dtype, memory_format)
        if tensor.layout is not torch.strided:
            raise SimulationLimit(f"Tensor.to(device) of a tensor of layout {tensor.layout}")
        return copy(tensor, target, dtype, memory_format)

    return move


def sorted_out(machine: Machine, args: Any, kwargs: Any) -> tuple[Any, torch.dtype | None, bool, Any] | None:
    """(device, dtype, copy, memory_format) of a call of `Tensor.to`; None where no device is named."""
    first = args[0] if args else kwargs.get("device", kwargs.get("other"))
    rest = args[1:]
    if isinstance(first, torch.dtype) and "device" in kwargs:
        first, rest = kwargs["device"], args
    dtype: torch.dtype | None = kwargs.get("dtype")
    if isinstance(first, torch.Tensor):
        dtype, first = first.dtype, machine.device_of(first)
    elif isinstance(first, (str, torch.device)) or type(first) is int:
        if rest and (rest[0] is None or isinstance(rest[0], torch.dtype)):
            dtype, rest = rest[0], rest[1:]
    else:
        return None
    return first, dtype, kwargs.get("copy", rest[1] if len(rest) > 1 else False), kwargs.get("memory_format")


def movers(machine: Machine) -> dict[str, Function]:
    """The methods of torch.Tensor that move it."""
    move, original, original_type = mover(machine), _base.to, _base.type

    def to(self: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = sorted_out(machine, args, kwargs)
        return original(self, *args, **kwargs) if wanted is None else move(self, *wanted)

    def cuda(self: Any, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
        place = machine.place("cuda" if device is None else device)
        if place.type != "cuda":
            raise RuntimeError("Invalid device, must be cuda device")
        return move(self, place, None, False, memory_format)

    def cpu(self: Any, memory_format: Any = None) -> Any:
        return move(self, CPU, None, False, memory_format)

    def type_as(self: Any, other: Any) -> Any:
        return move(self, machine.device_of(other), other.dtype)

    def type_(self: Any, dtype: Any = None, non_blocking: bool = False, **kwargs: Any) -> Any:
        on_gpu = machine.device_of(self).type == "cuda"
        if dtype is None:
            name = original_type(self)
            return name.replace("torch.", "torch.cuda.") if on_gpu else name
        if isinstance(dtype, torch.dtype):
            return original_type(self, dtype)
        name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}"
        plain = original_type(self, name.replace("torch.cuda.", "torch."))
        return move(plain, "cuda" if ".cuda." in name else CPU)

    return {"to": to, "cuda": cuda, "cpu": cpu, "type_as": type_as, "type": type_}


class Attribute(property):
    """A property of tensors, with what torch asks of its own: name and class."""

    __objclass__ = _base
    __name__: str


def descriptions(machine: Machine) -> dict[str, Any]:
    """The properties and methods of torch.Tensor that tell where it is."""
    real_grad = _base.grad

    def get_device(self: Any) -> int:
        device = machine.device_of(self)
        return device.index if device.type == "cuda" else int(_base.get_device(self))

    def get_grad(self: Any) -> Any:
        grad = real_grad.__get__(self)
        if grad is not None and getattr(storage_of(grad), "_gpu_tag", None) is NEUTRAL:
            machine.mark(grad, machine.device_of(self))
        return grad

    def set_grad(self: Any, grad: Any) -> None:
        if isinstance(grad, torch.Tensor) and machine.device_of(grad) != machine.device_of(self):
            its, ours = machine.device_of(grad).type, machine.device_of(self).type
            raise RuntimeError(f"attempting to assign a gradient with device type '{its}' to a tensor with "
                               f"device type '{ours}'. Please ensure that the gradient and the tensor are on "
                               "the same device")
        real_grad.__set__(self, grad)

    return {
        "device": Attribute(machine.device_of),
        "is_cuda": Attribute(lambda self: machine.device_of(self).type == "cuda"),
        "is_cpu": Attribute(lambda self: machine.device_of(self).type == "cpu"),
        "get_device": get_device,
        "grad": Attribute(get_grad, set_grad, real_grad.__delete__),
    }


def host_only(machine: Machine) -> dict[str, Function]:
    """What only a tensor in the host's memory can do, with the refusals of tensor_numpy.cpp and
    Memory.cpp."""
    def numpy(self: Any, *, force: bool = False) -> Any:
        device = machine.device_of(self)
        if device.type != "cuda":
            return _base.numpy(self, force=force)
        if force:
            return _base.numpy(self.detach().cpu(), force=True)
        raise TypeError(f"can't convert {device} device type tensor to numpy. Use Tensor.cpu() to copy the "
                        "tensor to host memory first.")

    def pin_memory(self: Any, device: Any = None) -> Any:
        if machine.device_of(self).type == "cuda":
            raise RuntimeError(f"cannot pin '{self.type()}' only dense CPU tensors can be pinned")
        if is_pinned(self):
            return self
        out = self.clone()
        out.untyped_storage()._pinned = True
        return out

    def is_pinned(self: Any, device: Any = None) -> bool:
        return bool(getattr(storage_of(self), "_pinned", False))

    def plain_only(name: str) -> Function:
        original = getattr(torch.Tensor, name)

        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            if machine.device_of(self).type == "cuda":
                raise SimulationLimit(f"Tensor.{name} of a tensor on a GPU")
            return original(self, *args, **kwargs)

        return method

    limited = ("__dlpack__", "__dlpack_device__", "to_sparse", "to_sparse_csr", "to_sparse_csc", "to_mkldnn")
    return {"numpy": numpy, "pin_memory": pin_memory, "is_pinned": is_pinned,
            "record_stream": lambda self, stream: None, **{name: plain_only(name) for name in limited}}


def default_device() -> Any:
    """The device of `with torch.device(...)` or `torch.set_default_device`, as it was given."""
    for mode in reversed(torch.overrides._get_current_function_mode_stack()):  # type: ignore[no-untyped-call]
        if isinstance(mode, torch.utils._device.DeviceContext):
            return mode.device
    return CPU


def meant_for(machine: Machine, name: str, args: Any, kwargs: Any) -> Any:
    """The device that a factory's caller names or, saying nothing, means."""
    device = kwargs.get("device")
    if device is not None:
        return device
    if name == "normal":
        return CPU                      # torch.device as a context leaves it alone
    given = args[0] if args else kwargs.get("data", kwargs.get("input"))
    default = default_device()
    follows = name in LIKE or name in NEW or (name in COPIES and default is CPU)
    return machine.device_of(given) if follows and isinstance(given, torch.Tensor) else default


def maker(machine: Machine, original: Function, name: str) -> Function:
    """A factory of torch, or a method `new_*`, or a `*_like`, that knows the simulated GPUs."""
    move = mover(machine)
    copies = name in COPIES

    @functools.wraps(original)
    def make(*args: Any, **kwargs: Any) -> Any:
        target = machine.place(meant_for(machine, name, args, kwargs))
        pinned = kwargs.pop("pin_memory", False)
        if target.type == "cuda":
            if pinned:
                raise RuntimeError("Only dense CPU tensors can be pinned")
            if "sparse" in name or "quantized" in name or "nested" in name:
                raise SimulationLimit(f"torch.{name} on a GPU")
            kwargs["device"] = CPU
        with Asking(machine, CPU if copies else target):
            out = original(*args, **kwargs)
        if copies:
            out = arrived(out, args, kwargs, target)
        elif target.type == "cuda":
            machine.mark(out, target)
        return out.pin_memory() if pinned else out

    def arrived(out: Any, args: Any, kwargs: Any, target: torch.device) -> Any:
        """What was copied from Python's or NumPy's data, or from a tensor, at the device it was meant for."""
        source = args[0] if args else kwargs.get("data")
        if isinstance(source, torch.Tensor):
            shares = storage_of(out) is storage_of(source)
            if shares or name != "tensor":
                return move(source, target, out.dtype, again=bool(kwargs.get("copy")))
        if target.type != "cuda":
            return out
        return move(out.detach(), target).requires_grad_(out.requires_grad)

    return make


def install(machine: Machine, patches: Patches) -> None:
    """Put the wrappers in place."""
    constructors = {id(function) for function in _device_constructors()}
    for owner in (torch, torch.fft, torch.nested):
        for name, value in list(vars(owner).items()):
            if id(value) in constructors or (owner is torch and name in (*LIKE, "normal")):
                patches.put(owner, name, maker(machine, value, name))
    for name in NEW:
        patches.put(torch.Tensor, name, maker(machine, getattr(torch.Tensor, name), name))
    for members in (movers(machine), descriptions(machine), host_only(machine)):
        for name, value in members.items():
            if isinstance(value, Attribute):
                value.__name__ = name
            else:
                value = functools.wraps(getattr(torch.Tensor, name))(value)
            patches.put(torch.Tensor, name, value)
