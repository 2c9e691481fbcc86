"""The rest of torch's Python surface that a world with GPUs changes."""

# ruff: noqa: ARG001, ARG005 (the signatures are PyTorch's)
from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from . import bindings, named
from .driver import CPU, CUDNN_VERSION, Machine, accelerator_functions, cuda_functions, libraries
from .limit import SimulationLimit, unable, unable_class
from .patches import Patches
from .streams import Event, GpuGenerator, Stream
from .tensors import TYPES

ABSENT = ("_broadcast_coalesced", "_broadcast", "_broadcast_out", "_scatter_out", "_gather", "_gather_out")


def c_layer(machine: Machine, patches: Patches) -> None:
    """torch._C, what torch.cuda and torch.accelerator took from it at import, and the classes built on it."""
    simulated = {**cuda_functions(machine), **accelerator_functions(machine)}
    bindings.put(patches, {name: simulated.get(name) or lacking(name) for name in bindings.names()})
    for name in ABSENT:
        patches.put(torch._C, name, unable(f"torch._C.{name} (torch.nn.DataParallel over several GPUs)"))
    for module, name, _ in [*bindings.classes()]:
        known = {"Stream": Stream, "Event": Event}
        patches.put(module, name, known.get(name) or unable_class(f"{module.__name__}.{name}"))

    def scatter(tensor: torch.Tensor, gpus: list[int], *how: object) -> tuple[torch.Tensor, ...]:
        if len(gpus) > 1:
            raise SimulationLimit("torch.nn.DataParallel over several GPUs")
        return (tensor.to(torch.device("cuda", gpus[0])),)

    patches.put(torch._C, "_scatter", scatter)
    patches.put(torch._C, "_get_accelerator", lambda check=None: torch.device("cuda"))
    patches.put(torch._C, "_has_cuda", True)
    patches.put(torch._C, "_has_cudnn", True)
    patches.put(torch._C, "_group_tensors_by_device_and_dtype", grouper(machine))
    patches.put(torch._C._nn, "_parse_to", parser(machine))
    named.refusals(patches, unable)
    for name, members in libraries(machine).items():
        real = vars(torch._C).get(name, SimpleNamespace())
        others = {member: unable(f"torch._C.{name}.{member}") for member in vars(real) if member[0] != "_"}
        bindings.put(patches, {name: SimpleNamespace(**{**others, **members})})


def lacking(name: str) -> Any:
    """A stand-in for what torch._C has and the simulation lacks."""
    make: Callable[[str], Any] = unable_class if name.startswith(bindings.CLASSES) else unable
    return make(f"torch._C.{name}")


def cuda_module(machine: Machine, patches: Patches) -> None:
    """torch.cuda itself: what it bound at import under names of its own."""
    for name, value in (
        ("_initialized", False), ("_cached_device_count", None), ("default_generators", ()),
        ("_get_device_properties", machine.properties.__getitem__),
        ("_exchange_device", machine.exchange), ("_maybe_exchange_device", machine.exchange),
        ("_is_in_bad_fork", lambda: False), ("_device_count_nvml", lambda: -1),
        ("graph", unable_class("torch.cuda.graph")),
        ("make_graphed_callables", unable("torch.cuda.make_graphed_callables")),
        ("_queued_calls", list(torch.cuda._queued_calls)),
    ):
        patches.put(torch.cuda, name, value)
    for name in TYPES:
        patches.put(torch.cuda, f"{name}Tensor", named.tensor_type(name, typed(f"{name}Tensor")))
    profiler: Any = torch.autograd.profiler
    states = profiler.ProfilerState     # of a GPU there are no events to record
    patches.put(profiler, "ProfilerState", SimpleNamespace(
        **{**states.__members__, "KINETO_GPU_FALLBACK": states.KINETO}))
    patches.put(torch.version, "cuda", machine.built_for_cuda)
    patches.put(torch.backends.cudnn, "version", lambda: CUDNN_VERSION)
    # cuDNN's own layout is not needed
    patches.put(torch.backends.cudnn, "is_acceptable", lambda tensor: False)


def typed(name: str) -> Callable[..., Any]:
    """`torch.cuda.FloatTensor(...)` and its like."""
    return lambda *args, **kwargs: getattr(torch, name)(*args, **kwargs).cuda()


def grouper(machine: Machine) -> Callable[..., Any]:
    """Optimizers and clip_grad_norm_ sort tensors by device in C++, which sees the CPU only."""
    original: Any = torch._C._group_tensors_by_device_and_dtype

    def group(lists: Any, with_indices: bool = False) -> Any:
        groups: dict[Any, Any] = {}
        for (real, dtype), (columns, places) in original(lists, True).items():
            for row, place in enumerate(places):
                first = columns[0][row]
                device = real if first is None else machine.device_of(first)
                into, kept = groups.setdefault((device, dtype), ([[] for _ in columns], []))
                for column, values in zip(into, columns, strict=True):
                    if values:
                        column.append(values[row])
                if with_indices:
                    kept.append(place)
        return groups

    return group


def parser(machine: Machine) -> Callable[..., Any]:
    """`Module.to` reads its arguments in C++, where an int is a GPU only if there is one."""
    original: Any = torch._C._nn._parse_to

    def parse(*args: Any, **kwargs: Any) -> Any:
        if args and type(args[0]) is int:
            args = (machine.place(args[0]), *args[1:])
        if type(kwargs.get("device")) is int:
            kwargs["device"] = machine.place(kwargs["device"])
        if args and isinstance(args[0], torch.Tensor):
            return machine.device_of(args[0]), args[0].dtype, False, None
        return original(*args, **kwargs)

    return parse


def storages(machine: Machine, patches: Patches) -> None:
    """torch.UntypedStorage, which copy.deepcopy, torch.save and torch.load work with."""
    owner: Any = torch.UntypedStorage
    real = torch._C.StorageBase.device  # type: ignore[attr-defined]

    def device(self: Any) -> Any:
        return real.__get__(self) if self._gpu_tag is None else self._gpu_tag.device or CPU

    def clone(self: Any) -> Any:
        new = owner(self.nbytes()).copy_(self)
        if self._gpu_tag is not None and self._gpu_tag.device is not None:
            machine.mark_storage(new, self._gpu_tag.device)
        return new

    original_to, made = owner.to, owner.__new__

    def new(cls: Any, *args: Any, device: Any = None, **kwargs: Any) -> Any:
        target = CPU if device is None else machine.place(device)
        storage = made(cls, *args, device=CPU if target.type == "cuda" else target, **kwargs)
        if target.type == "cuda":
            machine.mark_storage(storage, target)
        return storage

    def to(self: Any, *, device: Any, non_blocking: bool = False) -> Any:
        target = machine.place(device)
        if target.type != "cuda":
            return original_to(self, device=target, non_blocking=non_blocking)
        if target == self.device:
            return self
        new = owner(self.nbytes()).copy_(self)
        machine.mark_storage(new, target)
        return new

    for name, value in (
        ("_gpu_tag", None), ("_pinned", False), ("__new__", staticmethod(new)),
        ("device", property(device)), ("clone", clone), ("to", to),
        ("is_cuda", property(lambda self: self.device.type == "cuda")),
        ("get_device", lambda self: self.device.index if self.device.type == "cuda" else -1),
        ("cuda", lambda self, device=None, non_blocking=False: to(self, device=device or "cuda")),
    ):
        patches.put(owner, name, value)


def recurrent(machine: Machine, patches: Patches) -> None:
    """nn.RNN, LSTM and GRU check devices in C++, which sees the CPU only: RNN.cpp's two
    sentences, from here."""
    def checked(name: str) -> Callable[..., Any]:
        original = getattr(torch._C._VariableFunctions, name)

        @functools.wraps(original)
        def layer(*args: Any) -> Any:
            weights = 2 if isinstance(args[2], list) else 3
            hidden = args[weights - 1]
            where = machine.device_of(args[0])
            for what, tensors in (("parameter", args[weights]),
                                  ("hidden", (hidden,) if isinstance(hidden, torch.Tensor) else hidden)):
                for tensor in tensors:
                    if machine.device_of(tensor) != where:
                        raise RuntimeError(f"Input and {what} tensors are not at the same device, found "
                                           "input tensor "
                                           f"at {where} and {what} tensor at {machine.device_of(tensor)}")
            return original(*args)

        return layer

    for name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
        patches.put(torch._VF, name, checked(name))


def named_classes(machine: Machine, patches: Patches) -> None:
    """The classes of torch that take a device."""
    real_device, real_generator = torch.device, torch.Generator
    real_stream, real_event = torch.Stream, torch.Event

    def device(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and type(args[0]) is int and not kwargs:
            return real_device("cuda", args[0])         # an index alone means the accelerator
        return real_device(*args, **kwargs)

    def generator(device: Any = "cpu") -> Any:
        place = machine.place(device)
        return GpuGenerator(place, real_device(device)) if place.type == "cuda" else real_generator(place)

    def stream(device: Any = "cuda", **kwargs: Any) -> Any:
        place = machine.place(device)
        return Stream(place, **kwargs) if place.type == "cuda" else real_stream(place, **kwargs)

    def event(device: Any = "cuda", *, enable_timing: bool = False, **kwargs: Any) -> Any:
        place = machine.place(device)
        return Event(enable_timing) if place.type == "cuda" else real_event(place,
                                                                            enable_timing=enable_timing)

    named.install(patches, device=device, Generator=generator, Stream=stream, Event=event)


def threads(mode: TorchDispatchMode, patches: Patches) -> None:
    """torch keeps modes for each thread: every new thread starts within this one."""
    original: Any = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def bootstrap(self: threading.Thread) -> None:
        torch._C._push_on_torch_dispatch_stack(mode)
        try:
            original(self)
        finally:
            torch._C._pop_torch_dispatch_stack(None)

    patches.put(threading.Thread, "_bootstrap_inner", bootstrap)
