"""What a batch keeps of what it observed, to be compared."""

from __future__ import annotations

from pathlib import Path

from grader.keep import parcels
from grader.wall import wire


def plain(parcel: Path) -> bytes:
    """What was observed, as it came over the wall, without its length in front."""
    unpacked = parcels.unpacked(parcel.read_bytes())
    assert unpacked is not None
    return wire.encode(unpacked.record, unpacked.arrays)[8:]
