"""What was observed is kept small, to the last bit, and read again whoever wrote it."""

from __future__ import annotations

import random
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader import judge
from grader.exercise import catalog
from grader.keep import compressed, parcels
from grader.keep.output import Output
from grader.wall import wire
from grader.wall.messages import Observations, Run
from tests.conftest import write_exercise

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HERE = Path(__file__).parent
WIDTHS = dict(wire.DTYPES.values())


def parcel(**arrays: wire.Array) -> wire.Parcel[Observations]:
    return wire.Parcel(record=Observations(run=Run(executed='{"cells": []}', defined=("f",))), arrays=arrays)


@st.composite
def some_arrays(draw: st.DrawFn) -> wire.Array:
    dtype = draw(st.sampled_from(sorted(WIDTHS)))
    shape = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    size = WIDTHS[dtype] * shape[0] * shape[1]
    return wire.Array(dtype=dtype, shape=shape, data=draw(st.binary(min_size=size, max_size=size)))


@given(st.dictionaries(st.text(max_size=3), some_arrays(), max_size=4))
def test_numbers_of_every_kind_come_back_to_the_last_bit(arrays: dict[str, wire.Array]) -> None:
    found = parcels.unpacked(parcels.packed(parcel(**arrays), "q"))
    assert found is not None
    assert found.arrays == arrays


def test_all_is_kept_but_the_notebook_that_the_gradebook_has() -> None:
    observed = parcel()
    found = parcels.unpacked(parcels.packed(observed, "q"))
    assert found is not None
    assert found.record.question == "q"
    assert found.record.run == structs.replace(observed.record.run, executed="")


def test_drawn_numbers_take_less_room_and_copies_next_to_none() -> None:
    weight = wire.from_tensor(torch.randn(200, 200, generator=torch.Generator().manual_seed(1)))
    one, both = (len(parcels.packed(parcel(**arrays), "q"))
                 for arrays in ({"a": weight}, {"a": weight, "b": weight}))
    assert one < 0.9 * len(weight.data)
    assert both < 1.02 * one


@pytest.mark.parametrize("student", ["ada", "bo"])
def test_what_an_older_grader_kept_is_judged_as_it_was(student: str, tmp_path: Path) -> None:
    output, exercise = Output(tmp_path), catalog.load(write_exercise(tmp_path / "doubling"))
    old = HERE / f"observed-0.3-{student}.parcel"
    place = output.observations(student, "doubling", "plain")
    place.parent.mkdir(parents=True)
    shutil.copy(old, place)
    question = re.search(rb'"question":"([0-9a-f]{64})"', old.read_bytes())
    assert question
    kept = output.kept(student, "doubling", "plain", question[1].decode())
    assert kept is not None
    verdicts = judge.judge(exercise, {"plain": kept}, exercise.prepare(5))
    assert {verdict.id: verdict.points for verdict in verdicts} == (
        {"values": 3, "untouched": 1, "half": 2} if student == "ada"
        else {"values": 0, "untouched": 0, "half": 2})


SOME = random.Random(3).randbytes(1 << 16)
WHOLE = parcels.packed(parcel(a=wire.Array(dtype="uint8", shape=(len(SOME),), data=SOME)), "q")


@pytest.mark.parametrize("written", [
    WHOLE[:-1], WHOLE + b"x", WHOLE + WHOLE, WHOLE[:4], WHOLE[:20], b"", b"x" * 100,
    zstd.compress(b""), zstd.compress(b"no parcel"),
    zstd.compress(zstd.decompress(WHOLE), options={zstd.CompressionParameter.content_size_flag: 0}),
], ids=["cut", "longer", "twice", "its first bytes", "its head", "empty", "no frame", "a frame of nothing",
        "a frame of something else", "a frame that does not say its size"])
def test_what_cannot_be_read_is_as_if_it_were_not_there(written: bytes) -> None:
    assert parcels.unpacked(WHOLE) is not None
    assert parcels.unpacked(written) is None


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = wire.Array(dtype="uint8", shape=(1 << 20,), data=bytes(1 << 20))
    written = parcels.packed(parcel(a=zeros), "q")
    assert len(written) < 1000
    assert parcels.unpacked(written) is not None
    monkeypatch.setattr(compressed, "MOST", 1 << 20)
    assert parcels.unpacked(written) is None


def test_a_frame_is_as_long_as_it_says() -> None:
    frame = bytearray(zstd.compress(bytes(1 << 20)))
    at = 5 if frame[4] & 0x20 else 6     # behind the descriptor, and the window where there is one
    assert frame[at:at + 4] == (1 << 20).to_bytes(4, "little")
    frame[at:at + 4] = (1000).to_bytes(4, "little")
    assert compressed.decompress(bytes(frame)) is None


def test_what_is_too_long_to_be_unpacked_again_is_kept_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    long = parcel(a=wire.Array(dtype="float32", shape=(300,), data=SOME[:1200]))
    monkeypatch.setattr(compressed, "MOST", 1000)
    written = parcels.packed(long, "q")
    found = parcels.unpacked(written)
    assert len(written) > 1000
    assert found is not None
    assert found.arrays == long.arrays
