"""A listing in shards, in every layout: each submission is in one, its team with it, and who is who is
settled as it is without shards."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from grader.commands import intake_of
from grader.exercise.catalog import known
from grader.intake.sources import Intake
from grader.keep.people import joined
from grader.keep.shards import Part, part_of
from grader.options import Options, Shard
from tests.lms.classes import EXERCISE, SECOND
from tests.lms.layouts import LAYOUTS
from tests.notebooks import notebook

OF = 4


def parts(intake: Intake) -> list[Part]:
    return [part_of(intake, Shard(number=number, of=OF)) for number in range(1, OF + 1)]


def whole_and_once(intake: Intake, shards: list[Part]) -> None:
    """Together the shards are the class, and nothing is in two of them."""
    whole = joined((), intake.submissions, intake.people, roster=intake.roster, passing=intake.passing,
                   kinds=intake.kinds)
    assert len({one.listing for one in shards}) == 1
    assert sorted((one for part in shards for one in part.found.people), key=lambda one: one.person.id) == [
        *whole.people]
    found = [one for part in shards for one in part.found.submissions]
    assert sorted(found, key=lambda one: (one.student, one.exercise)) == sorted(
        whole.submissions, key=lambda one: (one.student, one.exercise))
    teams = Counter(team for part in shards for team in {one.team for one in part.found.submissions} - {""})
    assert set(teams.values()) <= {1}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str, exercises: Path, tmp_path: Path) -> None:
    laid = LAYOUTS[layout](tmp_path / "class")
    said = dict(zip(laid.options[::2], laid.options[1::2], strict=True))
    options = Options(exercises=exercises, layout=said.get("--layout"),
                      roster=tuple(Path(text) for name, text in said.items() if name == "--roster"))
    with intake_of(laid.sources, known(exercises, None), options) as intake:
        shards = parts(intake)
        whole_and_once(intake, shards)
        assert all(part.found.submissions for part in shards)


def test_another_number_in_each_assignment_is_one_person(exercises: Path, tmp_path: Path) -> None:
    """Only the whole listing says that there are not two people of a name."""
    people = "Ada Weiss", "Ben Okoro", "Carla Gomez", "Dee Chan", "Eve Adams"
    for at, exercise in (1000, EXERCISE), (2000, SECOND):
        for number, name in enumerate(people):
            folder = tmp_path / f"ML-{exercise}-{at}" / f"{name}_{at + number}_assignsubmission_file"
            folder.mkdir(parents=True)
            (folder / f"{exercise}.ipynb").write_text(notebook(f"{number}"))
    sources = sorted(path for path in tmp_path.iterdir() if path.name.startswith("ML-"))
    with intake_of(sources, known(exercises, None), Options(exercises=exercises)) as intake:
        shards = parts(intake)
        whole_and_once(intake, shards)
        handed_in = Counter(one.student for part in shards for one in part.found.submissions)
        assert sorted(handed_in.values()) == [2] * len(people)
        assert sum(len({one.student for one in part.found.submissions}) for part in shards) == len(people)
