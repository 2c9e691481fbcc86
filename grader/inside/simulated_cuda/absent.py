"""What a world lacks: a build for CUDA, a driver or a GPU for such a build, Apple's MPS.

The functions of torch._C are replaced, as in driver.py, so that the rest stays PyTorch's own.
"""

# ruff: noqa: ARG001, ARG005 (the signatures are PyTorch's)
from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from .driver import CUDNN_VERSION, compiled_version
from .patches import Patches

# What `torch._C._cuda_init` raises (c10/cuda/CUDAFunctions.cpp, device_count_ensure_non_zero)
NO_DRIVER = ("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed "
             "a driver from http://www.nvidia.com/Download/index.aspx")
NO_GPU = "No CUDA GPUs are available"


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


def without_cuda(patches: Patches) -> None:
    """Make a build for an accelerator answer as one for the CPU does, which is left as it is."""
    if torch.version.cuda is None and torch._C._accelerator_getAccelerator() is None:
        return
    for name, value in vars(torch._C).copy().items():
        if name.startswith("_cuda_") and not isinstance(value, type):
            patches.take(torch._C, name)
        elif name.startswith("_accelerator_"):
            patches.put(torch._C, name, no_accelerator)
    patches.put(torch._C, "_accelerator_getAccelerator", lambda: None)
    patches.put(torch._C, "_accelerator_isAllocatorInitialized", lambda: False)
    patches.put(torch._C, "_get_accelerator",
                lambda check=None: no_accelerator() if check else torch.device("cpu"))
    patches.put(torch._C, "_has_cuda", False)
    patches.put(torch._C, "_has_cudnn", False)
    for name in ("_exchange_device", "_maybe_exchange_device"):
        patches.put(torch.cuda, name, exchange(refusing("PyTorch was compiled without CUDA support")))
    patches.put(torch.cuda, "_is_in_bad_fork", lambda: False)
    patches.put(torch.cuda, "_initialized", False)
    patches.put(torch.cuda, "_cudart", None)
    patches.put(torch.Tensor, "pin_memory", no_accelerator)
    patches.put(torch.version, "cuda", None)


def without_gpus(built_for_cuda: str, patches: Patches, *, driver: bool) -> None:
    """Make any build answer as one for CUDA does where it finds no driver, or no GPU: whatever would begin to
    use CUDA raises."""
    refuse = refusing(NO_GPU if driver else NO_DRIVER)

    def missing(name: str) -> Any:
        if name.startswith("_cuda_"):
            return refuse
        raise AttributeError(f"module 'torch._C' has no attribute '{name}'")

    for name, value in vars(torch._C).copy().items():
        if name.startswith(("_cuda_", "_accelerator_")) and not isinstance(value, type):
            patches.put(torch._C, name, refuse)
    for name, answer in (
        ("_cuda_getDeviceCount", 0), ("_cuda_isInBadFork", False), ("_cuda_getArchFlags", None),
        ("_cuda_getCompiledVersion", compiled_version(built_for_cuda)),
        ("_accelerator_getAccelerator", torch.device("cuda")), ("_get_accelerator", torch.device("cuda")),
        ("_accelerator_isAllocatorInitialized", False),
    ):
        patches.put(torch._C, name, lambda *args, answer=answer: answer)
    patches.put(torch._C, "_cuda_init", refuse)
    patches.put(torch._C, "__getattr__", missing)
    patches.put(torch._C, "_has_cuda", True)
    patches.put(torch._C, "_has_cudnn", True)
    for name in ("_exchange_device", "_maybe_exchange_device"):
        patches.put(torch.cuda, name, exchange(refuse))
    for name, value in (
        ("_is_in_bad_fork", lambda: False), ("_device_count_nvml", lambda: -1), ("_initialized", False),
        ("_cached_device_count", None), ("_cudart", SimpleNamespace()),
        ("_queued_calls", list(torch.cuda._queued_calls)),
    ):
        patches.put(torch.cuda, name, value)
    patches.put(torch.backends.cudnn, "version", lambda: CUDNN_VERSION)
    patches.put(torch.Tensor, "pin_memory", refuse)
    patches.put(torch.version, "cuda", built_for_cuda)
