"""Gradescope's exports: each submission ends at all who handed it in."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.handed import IntakeError
from grader.intake.layouts import chosen, gradescope
from tests.intake.layouts.trees import EXERCISES, NAMES, NUMBERS, on_disk, owners, read, tree

METADATA = """---
submission_7001:
  :submitters:
  - :name: Jörg Müller
    :sid: '0123'
    :email: jm@example.org
  :created_at: 2026-11-20 18:03:00.123456000 Z
  :score: 3.0
submission_7002:
  :submitters:
  - :name: Anna Schmidt
    :sid: 0777
    :email: as1@example.org
  - :name: Anna Schmidt
    :sid: ~
    :email: as2@example.org
submission_7003:
  :submitters: []
"""


def test_gradescopes_metadata_say_who_and_when(tmp_path: Path) -> None:
    files = {f"assignment_5_export/submission_{number}/he_init.ipynb": "" for number in (7001, 7002, 7003)}
    metadata = {"assignment_5_export/submission_metadata.yml": METADATA}
    reading = chosen(on_disk(tmp_path, files | metadata), EXERCISES)
    assert reading.layout == "Gradescope"
    assert [(h.person.id, h.person.name, h.person.email, h.team, h.handed_in_at) for h in reading.handed] == [
        ("0123", "Jörg Müller", "jm@example.org", "", "2026-11-20T18:03:00.123456+00:00"),
        ("0777", "Anna Schmidt", "as1@example.org", "submission 7002", ""),
        ("as2@example.org", "Anna Schmidt", "as2@example.org", "submission 7002", ""),
        ("submission_7003", "", "", "", "")]


def test_a_student_number_that_two_have_is_nobodys(tmp_path: Path) -> None:
    submitter = "submission_{0}:\n  :submitters:\n  - :name: A\n    :sid: '1'\n    :email: {0}@x.org\n"
    files = {"submission_metadata.yml": submitter.format(1) + submitter.format(2),
             "submission_1/a.ipynb": "", "submission_2/a.ipynb": ""}
    assert set(owners(chosen(on_disk(tmp_path, files), EXERCISES)).values()) == {"1@x.org", "2@x.org"}


BOMB = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
                                  for old, new in pairwise("abcdefghijklmnop"))


@pytest.mark.parametrize("metadata", [
    None, "", "[", "- a", "\x00", "[" * 100_000, "!!python/object/apply:os.system [exit]", "a: &a [*a]", BOMB,
    "submission_1: &a\n  :submitters: [*a, 7, {{}: 1}]\n", "submission_1:\n  :submitters: {a: b}\n",
], ids=range(11))
def test_metadata_that_say_nothing_leave_the_submissions_numbers(
        tmp_path: Path, metadata: str | None) -> None:
    files = {"submission_1/a.ipynb": "", "submission_2/a.ipynb": ""}
    files |= {} if metadata is None else {"submission_metadata.yml": metadata}
    reading = chosen(on_disk(tmp_path, files), EXERCISES)
    assert {one.rpartition("_")[2] for one in owners(reading).values()} == {"1", "2"}
    assert reading.said


def test_metadata_that_are_too_large_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope, "MAX_METADATA", len(METADATA.encode()) - 1)
    files = {"submission_metadata.yml": METADATA, "submission_7001/a.ipynb": ""}
    reading = chosen(on_disk(tmp_path, files), EXERCISES)
    assert (set(owners(reading).values()), len(reading.said)) == ({"7001"}, 1)


def escaped(name: str) -> str:
    return name.encode("unicode_escape").decode().replace('"', r"\"")


@given(st.lists(st.tuples(NUMBERS, NAMES), unique_by=lambda p: p[0], min_size=1))
def test_every_file_of_gradescopes_is_read_back_at_its_student_number(
        people: list[tuple[int, str]]) -> None:
    lines = [f'submission_{number + 7}:\n  :submitters:\n  - :name: "{escaped(name)}"\n    :sid: "{number}"\n'
             for number, name in people]
    files = {f"submission_{number + 7}/he_init.ipynb": str(number) for number, _ in people}
    with TemporaryDirectory() as folder:
        (Path(folder) / "submission_metadata.yml").write_text("".join(lines), encoding="utf-8")
        reading = chosen(tree([*files, "submission_metadata.yml"], folder), EXERCISES)
    assert owners(reading) == files
    assert {h.person.id: h.person.name for h in reading.handed} == {
        str(number): unicodedata.normalize("NFC", name).strip() for number, name in people}


def test_attempts_that_a_student_calls_submissions_are_nobody_elses() -> None:
    with pytest.raises(IntakeError, match="--layout gradescope"):
        read("anna/submission_1/he_init.ipynb", "anna/submission_2/he_init.ipynb")
    with pytest.raises(IntakeError, match="--layout canvas"):
        read("anna/mlp_3_4_he_init.ipynb")
