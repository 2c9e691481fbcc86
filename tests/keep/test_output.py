"""No student's name leads anywhere but into a folder of its own; no file is ever half written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.execute.exchange import checked
from grader.files import replace_file
from grader.keep.output import RESERVED, Output, folder_name
from grader.wall import wire
from grader.wall.messages import Observations, Outcome, Returned, Round, Run
from grader.wall.values import Nothing, SequenceValue, TensorRef, Text, Value


@given(st.text(max_size=40))
def test_a_folder_name_is_one_harmless_component(student: str) -> None:
    name = folder_name(student)
    assert name not in ("", ".", "..")
    assert name.isprintable()
    assert not set(name) & set('/\\:*?"<>|\n\0')
    assert name.casefold() not in RESERVED
    assert len(name.encode()) < 100


@given(st.text(max_size=12), st.text(max_size=12))
def test_distinct_students_stay_distinct(one: str, other: str) -> None:
    assert (folder_name(one) == folder_name(other)) == (one == other)


@pytest.mark.parametrize("student", ["..", "../x", "a/b", "observations", "Index.html", "x" * 300,
                                     "\u202eevil", "a\nb"])
def test_tricky_names(student: str, tmp_path: Path) -> None:
    assert (tmp_path / folder_name(student)).resolve().parent == tmp_path.resolve()


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    replace_file(path, "old")
    with pytest.raises(TypeError):
        replace_file(path, 3)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["marks.csv"]


def test_stored_observations_answer_the_question_that_was_asked_and_no_other(tmp_path: Path) -> None:
    output, array = Output(tmp_path), wire.Array(dtype="uint8", shape=(2,), data=b"ab")
    observed = wire.Parcel(record=Observations(run=Run(defined=("f",))), arrays={"s0/0": array})
    output.keep("ada", "x", {"plain": observed}, "the question")
    kept = output.kept("ada", "x", "plain", "the question")
    assert kept is not None
    assert (kept.record.run, kept.arrays) == (observed.record.run, observed.arrays)
    assert output.kept("ada", "x", "plain", "another") is None
    assert output.kept("ada", "x", "two-gpus", "the question") is None
    path = output.observations("ada", "x", "plain")
    path.write_bytes(path.read_bytes()[:-1])
    assert output.kept("ada", "x", "plain", "the question") is None


def nested(depth: int) -> Value:
    """A list in a list in a list."""
    value: Value = Nothing()
    for _ in range(depth):
        value = SequenceValue(items=(value,))
    return value


LONG = SequenceValue(items=(Text(value="x" * (1 << 20)),) * 7)
MANY = 1000


@pytest.mark.parametrize("value", [LONG, nested(14), SequenceValue(items=tuple(
    TensorRef(key=f"{{step}}/{i}", dtype="bool", shape=(0,)) for i in range(MANY)))],
    ids=["long", "nested", "many tensors"])
def test_what_may_arrive_is_read_again_when_it_is_kept(value: Value, tmp_path: Path) -> None:
    """Else its notebook would be run again for each change of a check, and `rejudge` would pass it over."""
    outcomes: dict[str, Outcome] = {}
    arrays: dict[str, wire.Array] = {}
    for step in "abcdef":
        text = msgspec.json.encode(Returned(rounds=(Round(value=value),))).replace(b"{step}", step.encode())
        refs = [f"{step}/{i}" for i in range(MANY)] if b'"tensor"' in text else []
        sent = wire.pack({key: wire.Array(dtype="bool", shape=(0,), data=b"") for key in refs})
        outcomes[step], numbers = checked(len(text).to_bytes(8, "little") + text + sent, step)
        assert isinstance(outcomes[step], Returned)
        arrays.update(numbers)
    observed = wire.Parcel(record=Observations(run=Run(), outcomes=outcomes), arrays=arrays)
    output = Output(tmp_path)
    output.keep("Ada", "he_init", {"plain": observed}, "asked")
    kept = output.kept("Ada", "he_init", "plain", "asked")
    assert kept is not None
    assert kept.record.outcomes == outcomes
    assert kept.arrays == arrays
