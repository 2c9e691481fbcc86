"""The part of an exercise that a student asks about: the checks of single functions, while others are not
written yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from grader.exercise.catalog import Exercise, ExerciseError
from grader.spec import Check


def about(exercise: Exercise, functions: Sequence[str]) -> Exercise:
    """The same with the checks of these functions only, and the checks they hang on; all of it for none.

    Raises:
        ExerciseError: one is none of the exercise's.
    """
    known = exercise.settings.functions
    unknown = [name for name in functions if name not in known]
    if unknown:
        raise ExerciseError(f"there is no function {unknown[0]!r} in {exercise.name}; there are "
                            f"{', '.join(known)}")
    if not functions:
        return exercise
    wanted = {each for check in exercise.checks if belongs_to(check, known) in functions
              for each in _with_roots(check)}
    if not wanted:
        raise ExerciseError(f"no visible check looks at {', '.join(functions)} alone; check the whole "
                            "notebook")
    part = exercise.part(tuple(check for check in exercise.checks if check in wanted))
    asked = tuple(name for name in known if name in functions)
    return replace(part, asked=asked, settings=structs.replace(part.settings, hidden_points=0.0))


def belongs_to(check: Check, functions: Sequence[str]) -> str:
    """The last of the functions, in the exercise's order, that a check looks at: once it is written, the
    check can tell. "" where it looks at none."""
    used = {name for step in check.looks_at for name in step.uses}
    return next((name for name in reversed(functions) if name in used), "")


def _with_roots(check: Check) -> Iterator[Check]:
    yield check
    for before in check.after:
        yield from _with_roots(before)
