"""What a simulated GPU says of itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from .limit import SimulationLimit

GIB = 1024 ** 3

# name -> (GiB, compute capability, multiprocessors, L2 cache in MiB), from NVIDIA's architecture white
# papers. Any other name is given the figures of an A100 40GB.
KNOWN = {
    "Tesla T4": (15, (7, 5), 40, 4),
    "Tesla V100-SXM2-16GB": (16, (7, 0), 80, 6),
    "NVIDIA A10": (22, (8, 6), 72, 6),
    "NVIDIA A10G": (22, (8, 6), 80, 6),
    "NVIDIA L4": (22, (8, 9), 58, 48),
    "NVIDIA GeForce RTX 3060": (12, (8, 6), 28, 3),
    "NVIDIA GeForce RTX 3090": (24, (8, 6), 82, 6),
    "NVIDIA GeForce RTX 4090": (24, (8, 9), 128, 72),
    "NVIDIA RTX A6000": (48, (8, 6), 84, 6),
    "NVIDIA A100-SXM4-40GB": (40, (8, 0), 108, 40),
    "NVIDIA A100-SXM4-80GB": (80, (8, 0), 108, 40),
    "NVIDIA H100 80GB HBM3": (80, (9, 0), 132, 50),
    "NVIDIA H200": (140, (9, 0), 132, 60),
}


@dataclass(frozen=True)
class Properties:
    """Stands for torch.cuda's `_CudaDeviceProperties`."""

    name: str
    major: int
    minor: int
    total_memory: int           # bytes
    multi_processor_count: int
    L2_cache_size: int          # bytes
    uuid: uuid.UUID
    pci_bus_id: int
    pci_device_id: int = 0
    pci_domain_id: int = 0
    is_integrated: int = 0
    is_multi_gpu_board: int = 0
    warp_size: int = 32
    max_threads_per_multi_processor: int = 2048
    max_threads_per_block: int = 1024
    regs_per_multiprocessor: int = 65536
    shared_memory_per_block: int = 49152

    def __repr__(self) -> str:
        return (f"_CudaDeviceProperties(name='{self.name}', major={self.major}, minor={self.minor}, "
                f"total_memory={self.total_memory // 1024 ** 2}MB, "
                f"multi_processor_count={self.multi_processor_count}, uuid={self.uuid}, "
                f"L2_cache_size={self.L2_cache_size // 1024 ** 2}MB)")

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise SimulationLimit(f"torch.cuda.get_device_properties().{name}")


Properties.__name__ = Properties.__qualname__ = "_CudaDeviceProperties"


def properties(index: int, name: str) -> Properties:
    """The properties of the GPU with this index and name; the same name always has the same figures."""
    memory, (major, minor), processors, cache = KNOWN.get(name, KNOWN["NVIDIA A100-SXM4-40GB"])
    return Properties(
        name=name, major=major, minor=minor, total_memory=memory * GIB, multi_processor_count=processors,
        L2_cache_size=cache * 1024 ** 2, uuid=uuid.uuid5(uuid.NAMESPACE_OID, f"{index} {name}"),
        pci_bus_id=index + 1)
