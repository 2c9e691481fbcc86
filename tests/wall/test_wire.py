"""Whatever bytes arrive, reading returns; what is written comes back."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.wall import wire
from grader.wall.messages import Answer, Ended, Job, LossCause, Observations, Outcome, Raised, Run
from grader.wall.values import MappingValue, SequenceValue, TensorRef, Whole

ARRAYS = {"a": wire.Array(dtype="float32", shape=(2, 3), data=bytes(range(24))),
          "b": wire.Array(dtype="bool", shape=(), data=b"\1"),
          "c": wire.Array(dtype="int64", shape=(0, 4), data=b""),
          "d": wire.Array(dtype="bfloat16", shape=(1,), data=b"ab")}
GOOD = wire.encode(Observations(run=Run()), ARRAYS)


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes) -> None:
    for kind in Observations, Outcome, Job:
        assert isinstance(wire.read(data, kind), (wire.Parcel, wire.Garbled))
    assert isinstance(wire.unpack(data), (dict, wire.Garbled))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_good_parcel_with_some_bytes_changed(data: st.DataObject) -> None:
    changed = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    for each in bytes(changed), bytes(changed[:cut]):
        assert isinstance(wire.read(each, Observations), (wire.Parcel, wire.Garbled))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12)


@given(st.dictionaries(st.text(max_size=4), st.fixed_dictionaries({
    "dtype": st.sampled_from([*wire.DTYPES, "C64", "F8_E5M2", 3, None]),
    "shape": st.lists(st.integers(-1, 1 << 62) | st.booleans() | st.none(), max_size=10),
    "data_offsets": st.lists(st.integers(-1, 1 << 62), max_size=3)}) | JSON, max_size=4),
       st.binary(max_size=64))
@settings(max_examples=300, deadline=None)
def test_any_header(header: dict[str, object], data: bytes) -> None:
    assert isinstance(wire.unpack(safetensors(header, data)), (dict, wire.Garbled))


@pytest.mark.parametrize("data", [
    safetensors({"a": {"dtype": "F32", "shape": [1 << 40, 0], "data_offsets": [0, 0]}}),
    safetensors({"a": {"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}}, bytes(4)),
    safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
    safetensors({"a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
    safetensors({"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
    safetensors({f"t{i}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(5000)}),
    safetensors(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],'
                b'"data_offsets":[0,0]}}'),
    safetensors(b"[" * 100_000), safetensors({}, b"left over"), struct.pack("<Q", 1 << 63),
    safetensors(b'{"a": ' + b"9" * 5000 + b"}"), safetensors(b"\xff\xfe"), safetensors([1, 2]),
], ids=range(13))
def test_refused_tensors(data: bytes) -> None:
    assert isinstance(wire.unpack(data), wire.Garbled)


@pytest.mark.parametrize("text", [
    b"", b"null", b"[" * 100_000, b'{"type":"lost"}', b'{"type":"lost","cause":"hungry"}',
    b'{"type":"nonsense"}',
    b'{"type":"lost","cause":"memory","more":1}', b'{"type":"lost","cause":"memory","after_seconds":"5"}',
    b"NaN", b"\xff", b'{"type":"returned","rounds":[' + b'{"value":{"type":"sequence","items":[' * 40,
], ids=range(11))
def test_refused_json(text: bytes) -> None:
    assert isinstance(wire.read(struct.pack("<Q", len(text)) + text, Outcome), wire.Garbled)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [b'"' + b'\\"' * (4 << 20), b'"' * (8 << 20), b"[]" * (4 << 20),
                                  b'"' + b"x" * (8 << 20)],
                         ids=["escapes", "quotes", "brackets", "endless"])
def test_large_nonsense_is_read_in_linear_time(text: bytes) -> None:
    assert isinstance(wire.read(struct.pack("<Q", len(text)) + text, Outcome), wire.Garbled)


def test_the_runners_own_word_is_no_kernels() -> None:
    ended = wire.encode(Ended(cause=LossCause.TIMEOUT))
    assert isinstance(wire.read(ended, Outcome), wire.Parcel)
    assert isinstance(wire.read(ended, Answer), wire.Garbled)


def test_a_record_is_read_without_its_numbers() -> None:
    opened = wire.open_parcel(GOOD, Observations)
    assert not isinstance(opened, wire.Garbled)
    record, numbers = opened
    assert wire.head(record) + bytes(numbers) == GOOD
    assert numbers.obj is GOOD, "they are copied"


def test_a_length_beyond_the_end() -> None:
    assert isinstance(wire.read(struct.pack("<Q", 1 << 62) + b"{}", Outcome), wire.Garbled)


def test_what_is_written_comes_back() -> None:
    parcel = wire.read(GOOD, Observations)
    assert isinstance(parcel, wire.Parcel)
    assert parcel.record == Observations(run=Run())
    assert dict(parcel.arrays) == ARRAYS


def test_an_unknown_dtype_is_not_written() -> None:
    with pytest.raises(ValueError, match="complex64"):
        wire.pack({"a": wire.Array(dtype="complex64", shape=(1,), data=bytes(8))})


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u202e", "\U0001f600" * 100])
def test_odd_text(text: str) -> None:
    """A lone surrogate cannot be written; those who write text have replaced it."""
    record = Raised(error="E", message=text)
    try:
        written = wire.encode(record)
    except (ValueError, TypeError):
        return
    assert isinstance(wire.read(written, Outcome), (wire.Parcel, wire.Garbled))


def test_tensors_are_found_within_values() -> None:
    first, second = TensorRef(key="x", dtype="int8", shape=()), TensorRef(key="y", dtype="int8", shape=())
    value = SequenceValue(items=(first, MappingValue(items=((Whole(value=1), SequenceValue(items=(second,))),
                                                            ))))
    assert wire.tensors_of(value) == [first, second]
