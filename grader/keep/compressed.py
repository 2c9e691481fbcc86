"""Zstandard (RFC 8878), within bounds: what is kept is small, and what is read cannot grow without end."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST = 256 << 20              # bytes that anything may become
_FRAME = b"\x28\xb5\x2f\xfd"  # how everything compressed begins
# in numbers, shorter matches are chance and cost time
_FEW_MATCHES: dict[int, int] = {zstd.CompressionParameter.min_match: 7}


def compress(data: bytes, *, numbers: bool = False) -> bytes:
    """One frame, which says how long it becomes."""
    return zstd.compress(data, options=_FEW_MATCHES if numbers else None)


def is_compressed(data: bytes) -> bool:
    """Begins it like a frame?"""
    return data.startswith(_FRAME)


def decompress(data: bytes) -> bytes | None:
    """The content of one frame of at most `MOST` bytes; None of anything else. Total."""
    try:
        size = zstd.get_frame_info(data).decompressed_size
        if size is None or size > MOST:
            return None
        opened = zstd.ZstdDecompressor()
        whole = opened.decompress(data, max_length=size)
    except (zstd.ZstdError, MemoryError):
        return None
    return whole if opened.eof and len(whole) == size and not opened.unused_data else None
