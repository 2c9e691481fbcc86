"""What was observed, as it lies on the disk: one parcel, compressed when it is kept.

Nothing compressed ever comes out of a sandbox. Every number is kept to the last bit. Drawn numbers look alike
in one byte of four, that of the exponent: every fourth byte lies side by side, so that Zstandard finds it.
Files of older graders are parcels as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import structs

from grader.keep import compressed
from grader.wall import wire
from grader.wall.messages import Observations

_RANKS = 4   # bytes of a float32

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
    if len(whole) > compressed.MOST:
        return whole
    return compressed.compress(_by_rank(whole), numbers=True)


def unpacked(data: bytes) -> wire.Parcel[Any] | None:
    """What a parcel's file holds, a `Stored`; None where that cannot be read. Total."""
    if not compressed.is_compressed(data):   # its JSON would have 4 GB, did it begin like that
        return _read(data)
    whole = compressed.decompress(data)
    return None if whole is None else _read(_in_order(whole))


def _read(data: bytes) -> wire.Parcel[Any] | None:
    read = wire.read(data, Stored, TOGETHER)
    return read if isinstance(read, wire.Parcel) else None


def _by_rank(whole: bytes) -> bytes:
    """The parcel with its numbers in another order: the first bytes of all, then the second, to the fourth.

    Narrower numbers lie there by twos or fours, wider ones in halves.
    """
    begin, end = _numbers(whole)
    rows = np.frombuffer(whole[begin:end], np.uint8).reshape(-1, _RANKS)
    return whole[:begin] + rows.T.tobytes() + whole[end:]


def _in_order(whole: bytes) -> bytes:
    """The parcel as it was before `_by_rank`."""
    begin, end = _numbers(whole)
    columns = np.frombuffer(whole[begin:end], np.uint8).reshape(_RANKS, -1)
    return whole[:begin] + columns.T.tobytes() + whole[end:]


def _numbers(whole: bytes) -> tuple[int, int]:
    """From where to where a parcel's numbers lie, in whole fours: behind its JSON and safetensors' header,
    each of which says how long it is. Nothing lies there where one of them is longer than what is there."""
    begin = 0
    for _ in range(2):
        begin += 8 + int.from_bytes(whole[begin:begin + 8], "little")
    begin = min(begin, len(whole))
    return begin, begin + (len(whole) - begin) // _RANKS * _RANKS
