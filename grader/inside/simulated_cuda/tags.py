"""On which device a tensor is said to be.

Where data lies is a property of a tensor's storage, which views, `detach`, `.data` and `nn.Parameter` share;
so the tag is an attribute of the storage. Python keeps a storage's attributes for as long as torch keeps the
storage, and drops them with it: that is also how the memory in use is counted.
"""

from __future__ import annotations

import torch

# bytes: PyTorch's caching allocator rounds up to this (kMinBlockSize in CUDACachingAllocator.cpp)
BLOCK = 512
SEGMENT = 2 * 1024 * 1024   # bytes: and asks the driver for this much at least (kSmallBuffer, same file)

_storage_of = torch._C.TensorBase.untyped_storage


def _whole(size: int, unit: int) -> int:
    return -(-size // unit) * unit


class Ledger:
    """The memory of one simulated GPU, counted as PyTorch's allocator counts it (bytes)."""

    def __init__(self) -> None:
        self.current = self.peak = self.allocated = self.freed = 0
        self.reserved = self.reserved_peak = 0

    def allocate(self, size: int) -> None:
        self.current += size
        self.allocated += size
        self.peak = max(self.peak, self.current)
        self.reserved = max(self.reserved, _whole(self.current, SEGMENT))
        self.reserved_peak = max(self.reserved_peak, self.reserved)

    def free(self, size: int) -> None:
        self.current -= size
        self.freed += size

    def empty_cache(self) -> None:
        self.reserved = _whole(self.current, SEGMENT)

    def reset_peak(self) -> None:
        self.peak, self.reserved_peak = self.current, self.reserved

    def reset_accumulated(self) -> None:
        self.allocated = self.freed = 0

    def statistics(self) -> dict[str, object]:
        """The nested counts that `torch.cuda.memory_stats` flattens."""
        nothing = {"current": 0, "peak": 0, "allocated": 0, "freed": 0}
        used = {"current": self.current, "peak": self.peak, "allocated": self.allocated, "freed": self.freed}
        held = {"current": self.reserved, "peak": self.reserved_peak, "allocated": self.reserved_peak,
                "freed": self.reserved_peak - self.reserved}

        def pools(counts: dict[str, int]) -> dict[str, dict[str, int]]:
            return {"all": counts, "large_pool": nothing, "small_pool": counts}

        counted = {"allocated_bytes": used, "active_bytes": used, "requested_bytes": used,
                   "reserved_bytes": held}
        uncounted = ("allocation", "segment", "active", "inactive_split", "inactive_split_bytes")
        return {
            **{name: pools(counts) for name, counts in counted.items()},
            **{name: pools(nothing) for name in uncounted},
            "oversize_allocations": nothing, "oversize_segments": nothing,
            "num_alloc_retries": 0, "num_ooms": 0, "num_sync_all_streams": 0,
            "num_device_alloc": 0, "num_device_free": 0, "max_split_size": -1,
        }


class Tag:
    """One storage is on this device. Dies with the storage, and gives its memory back."""

    __slots__ = ("device", "ledger", "size")

    def __init__(self, device: torch.device, ledger: Ledger, size: int) -> None:
        self.device, self.ledger, self.size = device, ledger, _whole(size, BLOCK)
        ledger.allocate(self.size)

    def __del__(self) -> None:
        self.ledger.free(self.size)


class Neutral:
    """torch's own C++ made this tensor without saying for which device: it joins the first GPU it meets.

    Such code asks for "the device of my input", which in truth is the CPU; Python code always names a device.
    """

    device = None


NEUTRAL = Neutral()


def storage_of(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    """The tensor's storage, seen through the wrappers of torch.func; None for layouts that have none."""
    inner = tensor
    while torch._C._functorch.is_functorch_wrapped_tensor(inner):
        inner = torch._C._functorch.get_unwrapped(inner)
    try:
        with torch._C.DisableTorchFunctionSubclass():   # the parameters of lazy modules forbid the question
            return _storage_of(inner)
    except (RuntimeError, NotImplementedError):
        return None


def tag_of(tensor: torch.Tensor) -> Tag | Neutral | None:
    """The tensor's tag; None for a tensor that is where it seems to be."""
    try:
        return _storage_of(tensor)._gpu_tag  # type: ignore[attr-defined, no-any-return]
    except (RuntimeError, NotImplementedError, ValueError):
        storage = storage_of(tensor)
        return None if storage is None else storage._gpu_tag  # type: ignore[attr-defined]
