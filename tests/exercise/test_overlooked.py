"""Lapses put into the reference by machine: which an exercise overlooks, and what it may say for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise.catalog import ExerciseError, load
from grader.exercise.new import write
from grader.exercise.overlooked import LAPSES, overlooked
from tests.exercise.test_validate import change, run

BY_CAUSE = {lapse.cause: lapse.name for lapse in LAPSES}
ARGUED = """
[[overlooked]]
lapse = "called-once"
functions = ["halve"]
why = "It keeps nothing."
"""


@pytest.fixture
def new(tmp_path: Path) -> Path:
    write(tmp_path, "dropout", "Dropout", ["drop", "centred"])
    return tmp_path / "dropout"


def found(folder: Path) -> dict[str, tuple[str, ...]]:
    return {BY_CAUSE.get(flaw.cause, flaw.cause): flaw.names for flaw in overlooked(load(folder), 3)}


def test_an_exercise_that_looks_twice_overlooks_nothing(new: Path) -> None:
    assert found(new) == {}


@pytest.mark.parametrize(("file", "old", "new_text", "names"), [
    ("checks.py", "if not varies(dropped)", "if not dropped", {"seeded": ("drop",), "remembered": ("drop",),
                                                               "second-call": ()}),
    ("checks.py", 'for which in ("first", "second"):', 'for which in ("first",):',
     {"remembered": ("centred",), "second-call": ("centred",)}),
    ("checks.py", "second=normal(3, 4)", "second=None", {"called-once": ("centred",)}),
    ("checks.py", "first=normal(5, 7), second=normal(3, 4)", "first=[1.0], second=[1.0]",
     {"constant": ("centred",), "remembered": ("centred",)}),
    ("exercise.toml", '"centred"]', '"centred", "extra"]', {"never-called": ("extra",)}),
])
def test_each_lapse_is_said_where_no_check_looks(new: Path, file: str, old: str, new_text: str,
                                                 names: dict[str, tuple[str, ...]]) -> None:
    change(new / "probes.py", 'namespace["centred"](second)}',
           'None if second is None else namespace["centred"](second)}')
    change(new / "probes.py", "    return {\"first\": namespace[\"centred\"]", (
        "    first, second = (torch.tensor(x) if isinstance(x, list) else x for x in (first, second))\n"
        "    return {\"first\": namespace[\"centred\"]"))
    change(new / "probes.py", "\n\ndef two_calls", "\nimport torch\n\n\ndef two_calls")
    if new_text == "second=None":
        change(new / "checks.py", 'for which in ("first", "second"):', 'for which in ("first",):')
    if "[1.0]" in new_text:
        change(new / "checks.py", "x = seen.given[which]", "x = torch.tensor(seen.given[which])")
        change(new / "checks.py", "from grader.spec import (", "import torch\nfrom grader.spec import (")
    change(new / file, old, new_text)
    assert found(new) == {lapse: of for lapse, of in names.items() if of}


def test_a_reason_silences_a_warning_until_it_is_outdated(exercise_folder: Path) -> None:
    assert found(exercise_folder) == {"called-once": ("halve",), "remembered": ("double",),
                                      "second-call": ("double",)}
    path = exercise_folder / "equivalent.toml"
    path.write_text(ARGUED)
    assert found(exercise_folder) == {"remembered": ("double",), "second-call": ("double",)}
    path.write_text(ARGUED.replace('["halve"]', '["halve", "double"]'))
    assert found(exercise_folder)["equivalent.toml gives reasons for what a check does notice"] == (
        "called-once double",)
    path.write_text(ARGUED.replace("It keeps nothing.", " "))
    with pytest.raises(ExerciseError, match="called-once of halve: say why it may be"):
        found(exercise_folder)


def test_a_warning_is_said_and_is_no_flaw(exercise_folder: Path) -> None:
    code, out = run(exercise_folder, "--draws", "2")
    assert code == 0
    assert "doubling: warning: a second call that does nothing is noticed by no check (double)" in out
    assert 'or say why it may be in equivalent.toml: [[overlooked]] with lapse = "second-call"' in out
    assert "1 exercise, all proved" in out
    assert "warning" not in run(exercise_folder, "--draws", "2", "--check", "half")[1]


def test_the_points_that_each_mistake_costs_are_said(exercise_folder: Path) -> None:
    _, out = run(exercise_folder, "--draws", "0")
    rows = [line.split() for line in out.splitlines() if ".py " in line]
    assert rows == [["squares.py", "4", "4", "values"], ["raises.py", "2", "2", "half"],
                    ["in_place.py", "1", "1", "untouched"]]
