"""course.toml: what an exercise has of the course's rules, and each fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise.catalog import ExerciseError, course
from grader.exercise.rules import Attempts, CourseError, Hidden, Rules, parsed

WHOLE = """title = "Gradients"
timezone = "Europe/Berlin"
pass_mark = 0.5

[rules]
grace_minutes = 15
per_day = 0.1
hidden = "after due"

[[exercise]]
name = "a"
due = 2026-11-20T23:59:00
groups = { "Group B" = 2026-11-22, c = 2026-11-22T12:00:00+02:00 }
rules = { steps = [[0, 0.1], [48, 1]], attempts = "best" }

[[exercise]]
name = "b"
due = "2026-11-20 24:00"
bonus = true

[exercise.rules]
per_day = 0.2
"""


def test_an_exercise_has_the_course_s_rules_where_it_says_nothing_else() -> None:
    read = parsed(WHOLE)
    first, second = read.exercise
    assert read.rules == Rules(grace_minutes=15, per_day=0.1, hidden=Hidden.AFTER_DUE)
    # who takes by steps takes nothing by days
    assert first.rules == Rules(grace_minutes=15, steps=((0, 0.1), (48, 1)), attempts=Attempts.BEST,
                                hidden=Hidden.AFTER_DUE)
    assert second.rules == Rules(grace_minutes=15, per_day=0.2, hidden=Hidden.AFTER_DUE)
    assert (first.due, first.groups) == ("2026-11-20T23:59:00", {
        "Group B": "2026-11-22", "c": "2026-11-22T12:00:00+02:00"})
    assert (second.due, second.bonus, first.bonus) == ("2026-11-20 24:00", True, False)


def test_what_course_toml_does_not_name_comes_last_and_has_its_rules(tmp_path: Path) -> None:
    for name in "ca":
        (tmp_path / name).mkdir()
        (tmp_path / name / "exercise.toml").write_text("")
    assert [place.name for place in course(tmp_path).exercise] == ["a", "c"]
    (tmp_path / "course.toml").write_text('[rules]\ncap = 0.5\n[[exercise]]\nname = "c"\nweight = 2\n')
    assert [(place.name, place.weight, place.rules.cap) for place in course(tmp_path).exercise] == [
        ("c", 2, 0.5), ("a", 1, 0.5)]


@pytest.mark.parametrize(("old", "new", "line", "said"), [
    ("per_day = 0.1", "per_dy = 0.1", 7, "unknown field `per_dy`"),
    ("per_day = 0.1", "per_day = 10", 7, "per_day: 10 is no share; 0.1 is 10 %"),
    ("per_day = 0.1", 'cap = "half"', 7, "Expected `float`, got `str`"),
    ("per_day = 0.1", "per_day = ", 7, "Invalid value"),
    ("per_day = 0.2", "per_day = 2", 22, "per_day: 2 is no share"),
    ('"after due"', '"never"', 8, "Invalid enum value 'never'"),
    ("Europe/Berlin", "Mars/Olympus", 2, "no time zone 'Mars/Olympus' is known here"),
    ("Europe/Berlin", "../../etc/passwd", 2, "no time zone"),
    ('timezone = "Europe/Berlin"\n', "", 11, "has no offset: say in which zone"),
    ("pass_mark = 0.5", "pass_mark = 60", 3, "pass_mark: 60 is no share"),
    ("due = 2026-11-20T", "due = 2026-13-20T", 12, "at line 12"),
    ("due = 2026-11-20T23:59:00", "due = 23:59:00", 12, "Expected `str`, got `time`"),
    ("2026-11-20 24:00", "tomorrow", 18, "'tomorrow' is no date and time"),
    ('"Group B" = 2026-11-22,', '"Group B" = "",', 13, "'' is no date and time"),
    ("[48, 1]", "[48, 0.05]", 14, "steps are [hours, share]"),
    ("steps =", "per_day = 0.1, steps =", 14, "per_day and steps both"),
    ('name = "b"', 'name = "a"', 17, "'a' is there twice"),
    ('name = "b"\n', "", 16, "missing required field `name`"),
    ("bonus = true", "bonus = 1", 19, "Expected `bool`, got `int`"),
    ("bonus = true", "weight = nan", 19, "the weight of 'b' is negative, or no number"),
])
def test_each_fault_is_told_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert WHOLE.count(old) >= 1
    with pytest.raises(CourseError) as raised:
        parsed(WHOLE.replace(old, new, 1))
    assert (raised.value.line, said in str(raised.value)) == (line, True), str(raised.value)


def test_the_file_and_the_line_come_first(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text("[rules]\ncap = 3\n")
    with pytest.raises(ExerciseError) as raised:
        course(tmp_path)
    assert str(raised.value) == f"{tmp_path / 'course.toml'}:2: cap: 3 is no share; 0.1 is 10 %"
