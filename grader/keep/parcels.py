"""What was observed, as it lies on the disk: one parcel, compressed when it is kept.

Nothing compressed ever comes out of a sandbox. What a file claims is held against `MOST` all the same, before
anything is unpacked. Every number is kept to the last bit. Drawn numbers look alike in one byte of four, that
of the exponent: bytes of one rank lie side by side, so that Zstandard finds it. Files of older graders are
parcels as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

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
_WIDTHS = dict(wire.DTYPES.values())

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
    whole = wire.encode(stored, {key: _by_rank(array) for key, array in observed.arrays.items()})
    return zstd.compress(whole) if len(whole) <= MOST else wire.encode(stored, observed.arrays)


def unpacked(data: bytes) -> wire.Parcel[Stored] | None:
    """What a parcel's file holds; None where that cannot be read. Total."""
    if not data.startswith(_FRAME):
        return _read(data)
    whole = _decompressed(data)
    parcel = None if whole is None else _read(whole)
    return parcel and replace(parcel, arrays=_in_order(parcel.arrays))


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


def _by_rank(array: wire.Array) -> wire.Array:
    """First the lowest byte of each number, then the next of each, and so on."""
    rows = np.frombuffer(array.data, np.uint8).reshape(-1, _WIDTHS[array.dtype])
    return replace(array, data=rows.T.tobytes())


def _in_order(arrays: Mapping[str, wire.Array]) -> dict[str, wire.Array]:
    """The numbers as they were before `_by_rank`."""
    return {key: replace(array, data=np.frombuffer(array.data, np.uint8)
                         .reshape(_WIDTHS[array.dtype], -1).T.tobytes()) for key, array in arrays.items()}
