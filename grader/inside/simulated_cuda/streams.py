"""Streams, events and generators of a simulated GPU. Work is done at once, so there is never anything to wait
for."""

# ruff: noqa: ARG002, ARG004 (the signatures are PyTorch's)
from __future__ import annotations

import itertools
import time
import weakref
from typing import Any, ClassVar

import torch

from .limit import SimulationLimit

CPU, CUDA = 0, 1    # c10::DeviceType, which streams carry as `device_type`
_numbers = itertools.count(1)


class Stream(torch.Stream):
    """Stands for torch.cuda.Stream."""

    def __new__(cls, device: Any = None, priority: int = 0, **known: int) -> Stream:
        return super().__new__(cls, stream_id=0, device_index=0, device_type=CPU)  # never the real runtime's

    def __init__(self, device: Any = None, priority: int = 0, **known: int) -> None:
        """`known` is `stream_id`, `device_index`, `device_type`: an existing stream rather than a new one."""
        index = known.get("device_index")
        if index is None:
            index = torch.cuda._utils._get_device_index(device, optional=True)
        vars(self).update(stream_id=known.get("stream_id", 0) if "device_index" in known else next(_numbers),
                          device_index=index, device_type=CUDA, device=torch.device("cuda", index),
                          priority=priority)

    def __getattribute__(self, name: str) -> Any:
        # torch.Stream describes itself with data descriptors, which would come before what this object knows
        known: dict[str, Any] = object.__getattribute__(self, "__dict__")
        return known[name] if name in known else object.__getattribute__(self, name)

    @property
    def cuda_stream(self) -> int:
        return int(self.stream_id)

    native_handle = cuda_stream

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.device, self.stream_id) == (other.device, other.stream_id)

    def __hash__(self) -> int:
        return hash((self.device, self.stream_id))

    def __enter__(self) -> Stream:
        vars(self)["context"] = torch.cuda.stream(self)  # type: ignore[arg-type]
        vars(self)["context"].__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        vars(self).pop("context").__exit__(*raised)

    def synchronize(self) -> None:
        """Nothing is ever under way."""

    @staticmethod
    def priority_range() -> tuple[int, int]:
        """(the lowest, the highest), as every GPU of today has them."""
        return 0, -5

    def query(self) -> bool:
        return True

    def is_capturing(self) -> bool:
        return False

    def wait_event(self, event: Any) -> None:
        """Nothing is ever under way."""

    def wait_stream(self, stream: Any) -> None:
        """Nothing is ever under way."""

    def record_event(self, event: Any = None) -> Any:
        event = Event() if event is None else event
        event.record(self)
        return event


class Event(torch.Event):
    """Stands for torch.cuda.Event."""

    def __new__(cls, enable_timing: bool = False, *args: Any, **kwargs: Any) -> Event:
        return super().__new__(cls, device="cpu")   # never the real runtime's

    def __init__(self, enable_timing: bool = False, *args: Any, **kwargs: Any) -> None:
        self.timed, self.at = enable_timing, float("nan")

    def record(self, stream: Any = None) -> None:
        self.at = time.perf_counter()

    def wait(self, stream: Any = None) -> None:
        """Nothing is ever under way."""

    def synchronize(self) -> None:
        """Nothing is ever under way."""

    def query(self) -> bool:
        return True

    def elapsed_time(self, end_event: Any) -> float:
        """Milliseconds between two recordings; the errors are c10's (c10/cuda/CUDAEvent.h)."""
        if not (self.timed and end_event.timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self.at != self.at or end_event.at != end_event.at:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        return float(end_event.at - self.at) * 1000

    @property
    def cuda_event(self) -> int:
        return id(self) if self.at == self.at else 0

    def ipc_handle(self) -> bytes:
        raise SimulationLimit("torch.cuda.Event.ipc_handle")

    def __repr__(self) -> str:
        if self.at != self.at:
            return "<torch.cuda.Event uninitialized>"
        return f"<torch.cuda.Event {id(self):#x}>"


class GpuGenerator(torch.Generator):
    """The generator of one GPU: Mersenne numbers, not Philox, so that seeds repeat here but not what a GPU
    draws."""

    def __new__(cls, device: torch.device, named: torch.device | None = None) -> GpuGenerator:
        return super().__new__(cls)

    known: ClassVar[weakref.WeakValueDictionary[int, GpuGenerator]] = weakref.WeakValueDictionary()

    def __init__(self, device: torch.device, named: torch.device | None = None) -> None:
        self._on = device if named is None else named   # "cuda" stays without an index
        self.known[self._cdata] = self  # type: ignore[attr-defined]

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return self._on

    @classmethod
    def device_of(cls, generator: Any) -> torch.device:
        """Where this generator is; torch hands dispatch.py another object for the same generator."""
        known = cls.known.get(generator._cdata)
        device: torch.device = generator.device if known is None else known.device
        return device


for _class, _name in ((Stream, "Stream"), (Event, "Event")):
    _class.__module__, _class.__qualname__ = "torch.cuda.streams", _name
