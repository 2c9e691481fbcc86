"""What a world lacks: a build for CUDA, a driver or a GPU for such a build, Apple's MPS.

The functions of torch._C are replaced, as in driver.py, so that the rest stays PyTorch's own.
"""

# ruff: noqa: ARG001, ARG005 (the signatures are PyTorch's)
from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch._utils import _dummy_type
from torch.utils._device import _device_constructors

from . import bindings, named
from .driver import CUDNN_VERSION, compiled_version
from .patches import Patches
from .streams import Event
from .tensors import TYPES

# What `torch._C._cuda_init` raises (c10/cuda/CUDAFunctions.cpp, device_count_ensure_non_zero)
NO_DRIVER = ("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed "
             "a driver from http://www.nvidia.com/Download/index.aspx")
NO_GPU = "No CUDA GPUs are available"
# What a build without CUDA says where it is asked for one of CUDA's objects
NO_GENERATOR = "Cannot get CUDA generator without ATen_cuda library."
NOT_LINKED = "PyTorch is not linked with support for cuda devices"
NO_NVTX = "NVTX functions not installed. Are you sure you have a CUDA build?"
UNCOMPILED = "PyTorch was compiled without CUDA support"


def refusing(message: str) -> Callable[..., Any]:
    """A stand-in that raises RuntimeError, whatever it is given."""

    def refuse(*args: object, **kwargs: object) -> Any:
        raise RuntimeError(message)

    return refuse


no_accelerator = refusing("Cannot access accelerator device when none is available.")


def exchange(refuse: Callable[..., Any]) -> Callable[[int], int]:
    """`torch.cuda._exchange_device`, for which a negative index asks for nothing."""
    return lambda index: -1 if index < 0 else refuse()


def without_mps(patches: Patches) -> None:
    """Make a build with MPS answer as one for Linux does, which has the names and none of what they name.

    What was asked before may be cached: the questions are put anew, without their caches.
    """
    if not torch._C._has_mps:
        return
    for name in vars(torch._C).copy():
        if name.startswith("_mps_"):
            what = name.removeprefix("_mps_")
            patches.put(torch._C, name, refusing(f"Cannot execute {what}() without MPS backend."))
    for name in ("_mps_is_available", "_mps_is_in_bad_fork"):
        patches.put(torch._C, name, lambda: False)
    patches.put(torch._C, "_has_mps", False)
    for name, value in vars(torch.backends.mps).copy().items():
        if hasattr(value, "cache_clear"):
            patches.put(torch.backends.mps, name, value.__wrapped__)
    patches.put(torch.mps, "_is_in_bad_fork", lambda: False)
    patches.put(torch.mps, "_default_mps_generator", None)


def without_objects(patches: Patches, refuse: Callable[..., Any], **refusals: Callable[..., Any]) -> None:
    """What would make something on an accelerator, or for one, without asking torch.cuda first.

    `refuse` is what most of it does; `refusals` are what `torch.Generator`, `Stream` and `Event` of a GPU do
    instead, and `index`, what an index alone comes to as a device.
    """
    real_device = torch.device

    def device(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and type(args[0]) is int and not kwargs:
            return refusals["index"](args[0])
        return real_device(*args, **kwargs)

    def maker(real: Any, default: str) -> Callable[..., Any]:
        refused = refusals.get(real.__name__, refuse)

        def make(device: Any = default, **kwargs: Any) -> Any:
            place = real_device(device)
            return refused(**kwargs) if place.type == "cuda" else real(device=place, **kwargs)

        return make

    here = torch._C._get_accelerator().type
    named.install(patches, device=device, Generator=maker(torch.Generator, "cpu"),
                  Stream=maker(torch.Stream, here), Event=maker(torch.Event, here))
    patches.put(torch.Tensor, "pin_memory", refuse)
    factories = _device_constructors()
    for owner in (torch, torch.fft):
        for name, value in vars(owner).copy().items():
            if callable(value) and value in factories:
                patches.put(owner, name, unpinned(value, refuse))


def unpinned(original: Callable[..., Any], refuse: Callable[..., Any]) -> Callable[..., Any]:
    """A factory of torch where no memory can be pinned."""

    @functools.wraps(original)
    def make(*args: Any, pin_memory: bool = False, **kwargs: Any) -> Any:
        return refuse() if pin_memory else original(*args, **kwargs)

    return make


def without_cuda(patches: Patches) -> None:
    """Make a build for an accelerator answer as one for the CPU does, which is left as it is."""
    if torch.version.cuda is None and torch._C._accelerator_getAccelerator() is None:
        return
    accelerator = {name: no_accelerator for name in vars(torch._C) if name.startswith("_accelerator_")}
    bindings.put(patches, {
        **accelerator, "_accelerator_getAccelerator": lambda: None, "_accelerator_deviceCount": lambda: 0,
        "_accelerator_isAllocatorInitialized": lambda: False,
        "_get_accelerator": lambda check=None: no_accelerator() if check else torch.device("cpu")})
    for module, name, _ in [*bindings.classes()]:
        no_stream = type(name, (), {"__new__": refusing("torch.cuda.Stream requires CUDA support")})
        patches.put(module, name, no_stream if "Stream" in name else _dummy_type(name))
    for name in bindings.names() - accelerator.keys():
        patches.take(torch._C, name)
    bindings.put(patches, {name: _dummy_type(name) for name in bindings.DUMMIES})
    for name in ("_cudart", "_cudnn", "_nvtx", "_cusparselt"):
        patches.take(torch._C, name)
    for owner, name, value in (
        (torch._C, "_has_cuda", False), (torch._C, "_has_cudnn", False),
        (torch.cuda, "_exchange_device", exchange(refusing(UNCOMPILED))),
        (torch.cuda, "_maybe_exchange_device", exchange(refusing(UNCOMPILED))),
        (torch.cuda, "_is_in_bad_fork", lambda: False), (torch.cuda, "_initialized", False),
        (torch.cuda, "_cudart", None), (torch.version, "cuda", None),
        (torch.cuda.nvtx, "_nvtx", SimpleNamespace(**dict.fromkeys(
            ("rangePushA", "rangePop", "markA"), refusing(NO_NVTX)))),
        (torch.backends.cudnn, "_init", lambda: False), (torch.backends.cudnn, "version", lambda: None),
    ):
        patches.put(owner, name, value)
    for name in TYPES:
        patches.put(torch.cuda, f"{name}Tensor", named.tensor_type(name, untyped(f"torch.cuda.{name}Tensor")))
    named.refusals(patches, lambda name: untyped(name) if name.endswith("Tensor") else uncompiled)
    without_objects(patches, no_accelerator, Generator=refusing(NO_GENERATOR), Stream=refusing(NOT_LINKED),
                    Event=refusing(NOT_LINKED), index=no_accelerator)


def uncompiled(*args: object) -> None:
    """What comes of asking a build without CUDA for something of CUDA's."""
    torch.cuda._lazy_init()  # type: ignore[no-untyped-call]


def untyped(name: str) -> Callable[..., Any]:
    """`torch.cuda.FloatTensor(...)` and its like, in a build without CUDA."""

    def refuse(*args: object, **kwargs: object) -> Any:
        raise TypeError(f"type {name} not available. Torch not compiled with CUDA enabled.")

    return refuse


def without_gpus(built_for_cuda: str, patches: Patches, *, driver: bool) -> None:
    """Make any build answer as one for CUDA does where it finds no driver, or no GPU: whatever would begin to
    use CUDA raises."""
    refuse = refusing(NO_GPU if driver else NO_DRIVER)
    real_device = torch.device
    answers = {
        "_cuda_getDeviceCount": 0, "_cuda_isInBadFork": False, "_cuda_getArchFlags": None,
        "_cuda_getCompiledVersion": compiled_version(built_for_cuda), "_graph_pool_handle": (0, 1),
        "_accelerator_deviceCount": 0, "_accelerator_isAllocatorInitialized": False,
        "_accelerator_getAccelerator": torch.device("cuda"), "_get_accelerator": torch.device("cuda")}
    bindings.put(patches, {
        **dict.fromkeys(bindings.names(), refuse),
        **{name: lambda *args, answer=answer: answer for name, answer in answers.items()}})
    unrecorded = type("Event", (Event,), {"record": refuse, "ipc_handle": refuse, "__module__": "torch.cuda"})
    for module, name, _ in [*bindings.classes()]:
        patches.put(module, name, unrecorded if name == "Event" else type(name, (), {"__new__": refuse}))
    for owner, name, value in (
        (torch._C, "_has_cuda", True), (torch._C, "_has_cudnn", True),
        (torch.version, "cuda", built_for_cuda),
        (torch.cuda, "_exchange_device", exchange(refuse)),
        (torch.cuda, "_maybe_exchange_device", exchange(refuse)),
        (torch.cuda, "_is_in_bad_fork", lambda: False), (torch.cuda, "_device_count_nvml", lambda: -1),
        (torch.cuda, "_initialized", False), (torch.cuda, "_cached_device_count", None),
        (torch.cuda, "_queued_calls", list(torch.cuda._queued_calls)),
        (torch.backends.cudnn, "version", lambda: CUDNN_VERSION),
    ):
        patches.put(owner, name, value)
    for name in ("_cudart", "_nvtx"):
        members = [member for member in dir(vars(torch._C).get(name)) if member[0] != "_"]
        bindings.put(patches, {name: SimpleNamespace(**dict.fromkeys(members, refuse))})
    for name in TYPES:
        patches.put(torch.cuda, f"{name}Tensor", named.tensor_type(name, refuse))
    named.refusals(patches, lambda name: refuse)
    without_objects(patches, refuse, Event=unrecorded, index=lambda index: real_device("cuda", index))
