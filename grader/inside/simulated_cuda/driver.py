"""The machine that a world pretends to be: its GPUs, and what torch's C layer would answer about them.

torch.cuda and torch.accelerator are left as they are; only the functions of torch._C that they call are
replaced, so that names imported from either, argument checks, types and messages stay PyTorch's own.
"""

# ruff: noqa: ARG001, ARG002, ARG005 (the signatures are PyTorch's)
from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from .gpus import Properties, properties
from .streams import CUDA, GpuGenerator, Stream
from .tags import NEUTRAL, Ledger, Tag, storage_of, tag_of

CUDNN_VERSION = 91002
ARCHITECTURES = "sm_70 sm_75 sm_80 sm_86 sm_90 sm_100 sm_120"
CPU = torch.device("cpu")


def compiled_version(cuda: str) -> int:
    """A CUDA version as CUDA_VERSION of cuda.h has it: 12090 for "12.9"."""
    major, minor = cuda.split(".")
    return int(major) * 1000 + int(minor) * 10


def invalid_ordinal() -> RuntimeError:
    """What CUDA raises for a GPU that is not there (c10/cuda/CUDAException.cpp)."""
    kind = getattr(torch, "AcceleratorError", RuntimeError)
    error: RuntimeError = kind(
        "CUDA error: invalid device ordinal\n"
        "GPU device may be out of range, do you have enough GPUs?\n"
        "CUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below "
        "might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1\n"
        "Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.\n")
    return error


class _Here(threading.local):
    """What CUDA and this simulation keep for each thread."""

    gpu = 0                                         # the current device
    # the device that Python code has just named, see dispatch.py
    asked: torch.device | None = None

    def __init__(self) -> None:
        self.streams: dict[int, int] = {}           # device index -> id of the current stream


class Machine:
    """The simulated GPUs and everything that they keep."""

    def __init__(self, names: tuple[str, ...], built_for_cuda: str) -> None:
        self.built_for_cuda = built_for_cuda
        self.properties: list[Properties] = [properties(index, name) for index, name in enumerate(names)]
        self.devices = [torch.device("cuda", index) for index in range(len(names))]
        self.ledgers = [Ledger() for _ in names]
        self.generators = tuple(GpuGenerator(device) for device in self.devices)
        self.here = _Here()
        self.sync_debug = 0

    def place(self, device: Any) -> torch.device:
        """The device that this stands for: an int is a GPU, and a GPU gets its index."""
        if isinstance(device, int):
            device = torch.device("cuda", device)
        elif not isinstance(device, torch.device):
            device = torch.device(device)
        if device.type != "cuda":
            return device  # type: ignore[no-any-return]
        torch.cuda._lazy_init()  # type: ignore[no-untyped-call]
        return self.devices[self.index(self.here.gpu if device.index is None else device.index)]

    def index(self, index: int) -> int:
        """The index, if there is such a GPU."""
        if not 0 <= index < len(self.devices):
            raise invalid_ordinal()
        return index

    def mark(self, tensor: torch.Tensor, device: torch.device | None) -> None:
        """Say that the tensor's storage is on this device; None: that it is nobody's yet."""
        storage = storage_of(tensor)
        if storage is None:
            if device is not None and device.type == "cuda":
                from .limit import SimulationLimit
                raise SimulationLimit(f"a tensor of layout {tensor.layout} on a GPU")
            return
        if device is None:
            storage._gpu_tag = NEUTRAL  # type: ignore[attr-defined]
        elif device.type == "cuda":
            self.mark_storage(storage, device)
        else:
            storage._gpu_tag = None  # type: ignore[attr-defined]

    def mark_storage(self, storage: torch.UntypedStorage, device: torch.device) -> None:
        known = storage._gpu_tag  # type: ignore[attr-defined]
        if known is None or known.device != device:
            tag = Tag(device, self.ledgers[device.index], storage.nbytes())
            storage._gpu_tag = tag  # type: ignore[attr-defined]

    def device_of(self, tensor: torch.Tensor) -> torch.device:
        """Where the tensor is said to be."""
        tag = tag_of(tensor)
        if tag is not None and tag.device is not None:
            return tag.device
        real: torch.device = torch._C.TensorBase.device.__get__(tensor)
        return real

    def set_current(self, index: int) -> None:
        self.here.gpu = self.index(index)

    def exchange(self, index: int) -> int:
        """Change the current GPU and return the one before; a negative index changes nothing."""
        if index < 0:
            return -1
        before = self.here.gpu
        self.set_current(index)
        return before

    def set_stream(self, stream_id: int, device_index: int, device_type: int = CUDA) -> None:
        self.set_current(device_index)
        self.here.streams[device_index] = stream_id

    def stream(self, index: int) -> Stream:
        number = self.here.streams.get(self.index(index), 0)
        return Stream(stream_id=number, device_index=index, device_type=CUDA)

    def memory_left(self, index: int) -> tuple[int, int]:
        """(free, total) bytes, as cudaMemGetInfo counts: what the allocator holds is not free."""
        total = self.properties[self.index(index)].total_memory
        return total - self.ledgers[index].reserved, total

    def empty_caches(self) -> None:
        for ledger in self.ledgers:
            ledger.empty_cache()

    def initialise(self) -> None:
        """What `torch._C._cuda_init` leaves in torch.cuda."""
        vars(torch.cuda)["default_generators"] = self.generators
        vars(torch.cuda)["_get_device_properties"] = self.properties.__getitem__


def _nothing(*args: object) -> None:
    return None


def cuda_functions(machine: Machine) -> dict[str, Callable[..., Any]]:
    """torch._C's functions for torch.cuda."""
    ledgers, here = machine.ledgers, machine.here

    def set_sync_debug(mode: int) -> None:
        machine.sync_debug = mode

    return {
        "_cuda_init": machine.initialise,
        "_cuda_getDeviceCount": lambda: len(machine.devices),
        "_cuda_getDevice": lambda: here.gpu,
        "_cuda_setDevice": machine.set_current,
        "_cuda_exchangeDevice": machine.exchange,
        "_cuda_maybeExchangeDevice": machine.exchange,
        "_cuda_hasPrimaryContext": lambda index: machine.index(index) >= 0,
        "_cuda_synchronize": _nothing,
        "_cuda_isInBadFork": lambda: False,         # each call to a student's function is made in a fork
        "_cuda_getArchFlags": lambda: ARCHITECTURES,
        "_cuda_getCompiledVersion": lambda: compiled_version(machine.built_for_cuda),
        "_cuda_canDeviceAccessPeer": lambda one, other: one != other,
        "_cuda_ipc_collect": _nothing,
        "_cuda_emptyCache": machine.empty_caches,
        "_cuda_memoryStats": lambda index: ledgers[machine.index(index)].statistics(),
        "_cuda_resetPeakMemoryStats": lambda index: ledgers[machine.index(index)].reset_peak(),
        "_cuda_resetAccumulatedMemoryStats": lambda index: ledgers[machine.index(index)].reset_accumulated(),
        "_cuda_setMemoryFraction": _nothing,
        "_cuda_getMemoryFraction": lambda index: 1.0,
        "_cuda_getAllocatorBackend": lambda: "native",
        "_cuda_cudaCachingAllocator_is_enabled": lambda: True,
        "_cuda_clearCublasWorkspaces": _nothing,
        "_cuda_getCurrentRawStream": lambda index: machine.stream(index).stream_id,
        "_cuda_getCurrentStream": lambda index: (machine.stream(index).stream_id, index, CUDA),
        "_cuda_getDefaultStream": lambda index: (0, machine.index(index), CUDA),
        "_cuda_setStream": machine.set_stream,
        "_cuda_isCurrentStreamCapturing": lambda: False,
        "_cuda_get_sync_debug_mode": lambda: machine.sync_debug,
        "_cuda_set_sync_debug_mode": set_sync_debug,
        "_cuda_get_cudnn_benchmark_limit": lambda: 10,
        "_cuda_set_cudnn_benchmark_limit": _nothing,
    }


def accelerator_functions(machine: Machine) -> dict[str, Callable[..., Any]]:
    """torch._C's functions for torch.accelerator."""
    ledgers, here = machine.ledgers, machine.here

    def set_stream(stream: Stream) -> None:
        machine.set_stream(stream.stream_id, stream.device_index)

    def capability(index: int) -> dict[str, Any]:
        every = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
        return {"supported_dtypes": {dtype for dtype in every
                                     if "q" not in str(dtype) and "bits" not in str(dtype)}}

    return {
        "_accelerator_deviceCount": lambda: len(machine.devices),
        "_accelerator_hooks_device_count": lambda: len(machine.devices),
        "_accelerator_hooks_get_current_device": lambda: here.gpu,
        "_accelerator_hooks_set_current_device": machine.set_current,
        "_accelerator_hooks_exchange_device": machine.exchange,
        "_accelerator_hooks_maybe_exchange_device": machine.exchange,
        "_accelerator_getDefaultGenerator": machine.generators.__getitem__,
        "_accelerator_getAccelerator": lambda: torch.device("cuda"),
        "_accelerator_getDeviceIndex": lambda: here.gpu,
        "_accelerator_setDeviceIndex": lambda index: machine.set_current(index) if index >= 0 else None,
        "_accelerator_exchangeDevice": machine.exchange,
        "_accelerator_maybeExchangeDevice": machine.exchange,
        "_accelerator_getDeviceCapability": capability,
        "_accelerator_getStream": machine.stream,
        "_accelerator_setStream": set_stream,
        "_accelerator_synchronizeDevice": lambda index: machine.index(index) and None,
        "_accelerator_isAllocatorInitialized": lambda: True,
        "_accelerator_emptyCache": machine.empty_caches,
        "_accelerator_emptyHostCache": _nothing,
        "_accelerator_getDeviceStats": lambda index: ledgers[machine.index(index)].statistics(),
        "_accelerator_resetAccumulatedStats": lambda index: ledgers[machine.index(index)].reset_accumulated(),
        "_accelerator_resetPeakStats": lambda index: ledgers[machine.index(index)].reset_peak(),
        "_accelerator_getMemoryInfo": machine.memory_left,
    }


def libraries(machine: Machine) -> dict[str, dict[str, Any]]:
    """What torch._C's modules for NVIDIA's libraries offer: of `torch.cuda.cudart()`, cuDNN and NVTX."""
    version = CUDNN_VERSION // 10000, CUDNN_VERSION // 100 % 100, CUDNN_VERSION % 100
    return {
        "_cudart": {
            "cudaMemGetInfo": machine.memory_left, "cudaGetErrorString": str, "cudaProfilerStart": lambda: 0,
            "cudaProfilerStop": lambda: 0, "cudaError": SimpleNamespace(success=0)},
        "_cudnn": {"is_cuda": True, "getVersionInt": lambda: CUDNN_VERSION,
                   "getRuntimeVersion": lambda: version, "getCompileVersion": lambda: version},
        "_nvtx": {"rangePushA": lambda message: 0, "rangePop": lambda: 0, "markA": _nothing,
                  "rangeStartA": lambda message: 0, "rangeEnd": _nothing},
    }
