"""What torch._C has for CUDA and other accelerators, in this build or in one for CUDA, and where torch's
Python code keeps it under the same name."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import torch

from .patches import Patches

FUNCTIONS = ("_cuda_", "_accelerator_", "_nccl_", "_gds_", "_cudnn_", "_graph_pool_handle")
CLASSES = ("_Cuda", "_CUDA", "_MemPool", "_acceleratorGraph", "_FastCuda", "_StaticCuda")
KEEPERS = ("torch.cuda", "torch.accelerator", "torch.backends")     # and all below them

# What only a build for CUDA has: torch 2.7 to 2.14. tests/inside compares where such a build is.
ONLY_FOR_CUDA = frozenset("""
    _cuda_CUDAAllocator _cuda_CUDAAllocator_AllocatorState _cuda_allocationTraceback _cuda_annotateMemory
    _cuda_attach_out_of_memory_observer _cuda_beginAllocateCurrentStreamToPool
    _cuda_beginAllocateCurrentThreadToPool _cuda_beginAllocateToPool _cuda_canDeviceAccessPeer
    _cuda_changeCurrentAllocator _cuda_checkPoolLiveAllocations _cuda_clearCublasWorkspaces
    _cuda_cudaCachingAllocator_enable _cuda_cudaCachingAllocator_is_enabled
    _cuda_cudaCachingAllocator_raw_alloc _cuda_cudaCachingAllocator_raw_delete
    _cuda_cudaCachingAllocator_set_allocator_settings _cuda_cudaHostAllocator _cuda_customAllocator
    _cuda_emptyCache _cuda_endAllocateCurrentStreamToPool _cuda_endAllocateToPool _cuda_exchangeDevice
    _cuda_getAllocator _cuda_getAllocatorBackend _cuda_getArchFlags _cuda_getCheckpointState
    _cuda_getCompiledVersion _cuda_getCublasLtWorkspaceSize _cuda_getCublasWorkspaceSize
    _cuda_getCurrentBlasHandle _cuda_getCurrentRawStream _cuda_getCurrentSolverHandle
    _cuda_getCurrentStream _cuda_getDefaultStream _cuda_getDevice _cuda_getDeviceCount
    _cuda_getHipblasltVersion _cuda_getMemoryFraction _cuda_getMemoryMetadata _cuda_getStreamFromExternal
    _cuda_get_conv_benchmark_empty_cache _cuda_get_cudnn_benchmark_limit _cuda_get_sync_debug_mode
    _cuda_hasPrimaryContext _cuda_hostMemoryStats _cuda_init _cuda_ipc_collect
    _cuda_isCurrentStreamCapturing _cuda_isHistoryEnabled _cuda_isInBadFork
    _cuda_jiterator_compile_and_launch_kernel _cuda_lock_mutex _cuda_maybeExchangeDevice
    _cuda_memoryMetadataSupported _cuda_memorySnapshot _cuda_memoryStats _cuda_record_memory_history
    _cuda_record_memory_history_legacy _cuda_record_untuned_enable _cuda_record_untuned_is_enabled
    _cuda_releasePool _cuda_resetAccumulatedHostMemoryStats _cuda_resetAccumulatedMemoryStats
    _cuda_resetCublasLtWorkspaceSize _cuda_resetCublasWorkspaceSize _cuda_resetPeakHostMemoryStats
    _cuda_resetPeakMemoryStats _cuda_setCheckpointPoolState _cuda_setCublasLtWorkspaceSize
    _cuda_setCublasWorkspaceSize _cuda_setDevice _cuda_setMemoryFraction _cuda_setMemoryMetadata
    _cuda_setStream _cuda_set_cudnn_benchmark_limit _cuda_set_sync_debug_mode _cuda_sleep
    _cuda_synchronize _cuda_tunableop_enable _cuda_tunableop_get_cublaslt_requested_algo_count
    _cuda_tunableop_get_filename _cuda_tunableop_get_max_tuning_duration
    _cuda_tunableop_get_max_tuning_iterations _cuda_tunableop_get_results
    _cuda_tunableop_get_rotating_buffer_size _cuda_tunableop_get_validators _cuda_tunableop_is_enabled
    _cuda_tunableop_read_file _cuda_tunableop_set_cublaslt_requested_algo_count
    _cuda_tunableop_set_filename _cuda_tunableop_set_max_tuning_duration
    _cuda_tunableop_set_max_tuning_iterations _cuda_tunableop_set_numerical_check_tolerances
    _cuda_tunableop_set_rotating_buffer_size _cuda_tunableop_tuning_enable
    _cuda_tunableop_tuning_is_enabled _cuda_tunableop_write_file _cuda_tunableop_write_file_on_exit
    _cuda_unlock_mutex _cudnn_clear_dropout_state _cudnn_set_conv_benchmark_empty_cache
    _gds_deregister_buffer _gds_deregister_handle _gds_load_storage _gds_register_buffer
    _gds_register_handle _gds_save_storage _nccl_all_gather _nccl_all_reduce _nccl_broadcast
    _nccl_init_rank _nccl_reduce _nccl_reduce_scatter _nccl_unique_id _nccl_version _nccl_version_suffix
""".split())  # noqa: SIM905 (a hundred names)

# What a build for the CPU has all the same: torch's Python code puts dummies there.
DUMMIES = frozenset(("_CudaStreamBase", "_CudaEventBase", "_CUDAGraph", "_MemPool", "_graph_pool_handle",
                     "_cuda_CUDAAllocator", "_cuda_isCurrentStreamCapturing", "_cuda_beginAllocateToPool",
                     "_cuda_beginAllocateCurrentThreadToPool", "_cuda_endAllocateToPool", "_cuda_releasePool",
                     "_gds_register_buffer", "_gds_deregister_buffer", "_gds_register_handle",
                     "_gds_deregister_handle", "_gds_load_storage", "_gds_save_storage"))


def names() -> set[str]:
    """Every function and class for CUDA or an accelerator: this build's, and those of a build for CUDA."""
    return {name for name in vars(torch._C) if name.startswith((*FUNCTIONS, *CLASSES))} | ONLY_FOR_CUDA


def keepers() -> list[ModuleType]:
    """The modules of torch that may have taken a name from torch._C when they were imported."""
    return [module for name, module in sys.modules.copy().items()
            if name.startswith(KEEPERS) and isinstance(module, ModuleType)]


def put(patches: Patches, new: dict[str, Any]) -> None:
    """Replace names of torch._C, there and where they were taken to."""
    for name, value in new.items():
        patches.put(torch._C, name, value)
    for module in keepers():
        for name in new.keys() & vars(module).keys():
            patches.put(module, name, new[name])


def classes() -> Iterator[tuple[ModuleType, str, str]]:
    """(module, name, name of the base) of torch's Python classes that are built on one of torch._C."""
    for module in keepers():
        for name, value in vars(module).copy().items():
            base = built_on(value) if isinstance(value, type) else ""
            if base:
                yield module, name, base


@functools.cache
def built_on(owner: type) -> str:
    """The name of torch._C's class for CUDA that this one is derived from, or "" for none."""
    return next((base.__name__ for base in owner.__mro__[1:] if base.__name__.startswith(CLASSES)
                 and base.__module__ in ("torch._C", "torch._utils")), "")      # _utils: the dummies
