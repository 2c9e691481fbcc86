"""No student's name leads anywhere but into a folder of its own; no file is ever half written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.files import replace_file
from grader.keep.output import RESERVED, Output, folder_name
from grader.wall import wire
from grader.wall.messages import Observations, Run


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
    observed = wire.Parcel(record=Observations(run=Run(executed="{}")), arrays={"s0/0": array})
    output.keep("ada", "x", {"plain": observed}, "the question")
    kept = output.kept("ada", "x", "plain", "the question")
    assert kept is not None
    assert (kept.record.run, kept.arrays) == (observed.record.run, observed.arrays)
    assert output.kept("ada", "x", "plain", "another") is None
    assert output.kept("ada", "x", "two-gpus", "the question") is None
    path = output.observations("ada", "x", "plain")
    path.write_bytes(path.read_bytes()[:-1])
    assert output.kept("ada", "x", "plain", "the question") is None
