"""What a student may ask about: single functions, while others are not written yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import magic, records
from grader.exercise import catalog
from grader.exercise.asked import about, belongs_to
from grader.exercise.catalog import Exercise, ExerciseError

COURSE = Path(__file__).parent.parent.parent / "exercises"
EXERCISES = sorted(catalog.discover(COURSE))


def stub(*_: object, **__: object) -> None:
    raise NotImplementedError


@pytest.mark.parametrize("name", EXERCISES)
def test_what_students_are_given_is_not_started_and_nothing_in_it_is_wrong(name: str) -> None:
    exercise = catalog.load(COURSE / name).visible_part()
    result = magic.checked(exercise, dict.fromkeys(exercise.settings.functions, stub))
    assert {v.id: v.cause for v in result.checks if v.cause is not records.Cause.NOT_STARTED
            and v.mark is not records.Mark.NOT_AVAILABLE} == {}
    assert result.score == 0


@pytest.mark.parametrize("name", EXERCISES)
def test_each_check_belongs_to_one_function_and_each_function_has_one(name: str) -> None:
    exercise = catalog.load(COURSE / name).visible_part()
    functions = exercise.settings.functions
    parts = {function: about(exercise, [function]).checks for function in functions}
    assert sorted(check.id for part in parts.values() for check in part) == sorted(
        check.id for check in exercise.checks)
    assert all(parts.values())


def test_a_check_of_two_functions_belongs_to_the_later_one() -> None:
    exercise = catalog.load(COURSE / "he_init")
    variance = next(check for check in exercise.checks if check.id == "variance")
    assert belongs_to(variance, exercise.settings.functions) == "he_normal_"
    assert [check.id for check in about(exercise, ["fan_in"]).checks] == ["fan-in"]


def test_what_a_check_hangs_on_comes_with_it(exercise_folder: Path) -> None:
    checks = exercise_folder / "checks.py"
    checks.write_text(checks.read_text().replace("visible=False", "after=values"))
    part = about(catalog.load(exercise_folder), ["halve"])
    assert [check.id for check in part.checks] == ["values", "half"]
    result = magic.checked(part, {"halve": lambda x: x / 2, "double": lambda x: x * x})
    assert [v.mark.value for v in result.checks] == ["fail", "not-reached"]


def test_the_points_of_hidden_checks_are_known_where_the_checks_are_not(exercise_folder: Path) -> None:
    whole = catalog.load(exercise_folder)
    assert whole.visible_part().settings.hidden_points == 2
    assert about(whole.visible_part(), ["double"]).settings.hidden_points == 0


def test_an_unknown_function_is_told_with_those_there_are(exercise_folder: Path) -> None:
    with pytest.raises(ExerciseError, match="no function 'dubble' in doubling; there are double, halve"):
        about(catalog.load(exercise_folder), ["dubble"])


def test_a_function_that_only_hidden_checks_look_at_is_no_success(exercise_folder: Path) -> None:
    exercise: Exercise = catalog.load(exercise_folder).visible_part()
    with pytest.raises(ExerciseError, match="no visible check looks at halve"):
        about(exercise, ["halve"])
