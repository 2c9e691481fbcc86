"""How glibc's allocator is set, here and in the sandbox. Elsewhere nothing is set."""

from __future__ import annotations

import contextlib
import ctypes

# glibc gives memory back and faults it in again for each large tensor otherwise: a tenth of a job's CPU time
TRIM_THRESHOLD, MMAP_THRESHOLD = 256 << 20, 32 << 20  # bytes
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3           # malloc.h
ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": str(TRIM_THRESHOLD), "MALLOC_MMAP_THRESHOLD_": str(MMAP_THRESHOLD)}


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed: each submission's megabytes would be given back and, page by page,
    taken again, which is a fifth of the time to judge and store one. Elsewhere nothing is told."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
