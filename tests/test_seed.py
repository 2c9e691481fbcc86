"""The batch's seed stays outside: what a kernel gets to see of it lets nobody draw the inputs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.commands import batch_seed
from grader.exercise.catalog import known, load
from grader.keep.gradebook import Gradebook
from grader.options import Options
from tests.notebooks import notebook

SEED = 0x5EED_0F_7415_BA7C4  # no number of an exercise's
COURSE = Path(__file__).resolve().parents[1] / "exercises"


def test_a_secret_seed_is_too_large_to_be_guessed(tmp_path: Path) -> None:
    options = Options(exercises=COURSE)
    seeds = []
    for number in range(8):
        with Gradebook(tmp_path / f"{number}.sqlite") as book:
            seeds.append(batch_seed(book, options))
            assert batch_seed(book, options) == seeds[-1]  # drawn once
    assert len(set(seeds)) == 8
    assert max(seeds).bit_length() > 120  # all eight below 2^120: once in 2^64


@pytest.mark.parametrize("name", sorted(known(COURSE)))
def test_what_travels_into_a_sandbox_does_not_hold_the_seed(name: str) -> None:
    exercise = load(COURSE / name)
    for work in exercise.jobs(0, notebook("pass"), exercise.prepare(SEED)):
        sent = msgspec.json.encode(work.job) + b"".join(map(msgspec.json.encode, work.steps))
        assert str(SEED).encode() not in sent
        seeds = [step.seed for step in work.steps]
        assert len(set(seeds)) == len(seeds)
