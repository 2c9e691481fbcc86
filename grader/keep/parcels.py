"""What was observed, as it lies on the disk: one parcel, compressed when it is kept.

Nothing compressed ever comes out of a sandbox. What a file claims is held against `MOST` all the same, before
anything is unpacked. Every number is kept to the last bit. Drawn numbers look alike in one byte of four, that
of the exponent: every eighth byte lies side by side, so that Zstandard finds it. Files of older graders are
parcels as they are.
"""

from __future__ import annotations

import sys

import numpy as np
from msgspec import structs

from grader.wall import wire
from grader.wall.messages import Observations

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST = 256 << 20              # bytes of a parcel that is compressed; a longer one is kept as it is
_FRAME = b"\x28\xb5\x2f\xfd"  # how Zstandard begins (RFC 8878). No parcel does: its JSON would have 4 GB
_WIDEST = 8                   # bytes of the widest number
_FEW_MATCHES = {zstd.CompressionParameter.min_match: 7}  # shorter ones are chance, and cost room and time

# A job's answers lie in one file. Each was held to the bounds of what arrives; together they are longer,
# and nested two brackets deeper.
TOGETHER = wire.Bounds(json=1 << 40, nesting=wire.MAX_NESTING + 2, tensors=1 << 40, header=1 << 40)


class Stored(Observations, frozen=True, kw_only=True):
    """Observations, and the fingerprint of the question that they answer."""

    question: str


def packed(observed: wire.Parcel[Observations], question: str) -> bytes:
    """A parcel's file, without the executed notebook, which the gradebook has.

    Args:
        question: its fingerprint, see `unchanged`.
    """
    run = structs.replace(observed.record.run, executed="")
    stored = Stored(**structs.asdict(structs.replace(observed.record, run=run)), question=question)
    whole = wire.encode(stored, observed.arrays)
    return zstd.compress(_by_rank(whole), options=_FEW_MATCHES) if len(whole) <= MOST else whole


def unpacked(data: bytes) -> wire.Parcel[Stored] | None:
    """What a parcel's file holds; None where that cannot be read. Total."""
    if not data.startswith(_FRAME):
        return _read(data)
    whole = _decompressed(data)
    return None if whole is None else _read(_in_order(whole))


def _read(data: bytes) -> wire.Parcel[Stored] | None:
    read = wire.read(data, Stored, TOGETHER)
    return read if isinstance(read, wire.Parcel) else None


def _decompressed(data: bytes) -> bytes | None:
    """The content of one frame, which says how long it is; None of anything else."""
    try:
        size = zstd.get_frame_info(data).decompressed_size
        if size is None or size > MOST:
            return None
        opened = zstd.ZstdDecompressor()
        whole = opened.decompress(data, max_length=size)
    except (zstd.ZstdError, MemoryError):
        return None
    return whole if opened.eof and len(whole) == size and not opened.unused_data else None


def _by_rank(whole: bytes) -> bytes:
    """The parcel with its numbers in another order: the first bytes of all, then the second, to the eighth.

    Narrower numbers lie there by twos, fours or eights.
    """
    begin, end = _numbers(whole)
    rows = np.frombuffer(whole[begin:end], np.uint8).reshape(-1, _WIDEST)
    return whole[:begin] + rows.T.tobytes() + whole[end:]


def _in_order(whole: bytes) -> bytes:
    """The parcel as it was before `_by_rank`."""
    begin, end = _numbers(whole)
    columns = np.frombuffer(whole[begin:end], np.uint8).reshape(_WIDEST, -1)
    return whole[:begin] + columns.T.tobytes() + whole[end:]


def _numbers(whole: bytes) -> tuple[int, int]:
    """From where to where a parcel's numbers lie, in whole eights: behind its JSON and safetensors' header,
    each of which says how long it is. Nothing lies there where one of them is longer than what is there."""
    begin = 0
    for _ in range(2):
        begin += 8 + int.from_bytes(whole[begin:begin + 8], "little")
    begin = min(begin, len(whole))
    return begin, begin + (len(whole) - begin) // _WIDEST * _WIDEST
