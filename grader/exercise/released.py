"""Is a notebook of the exercise as it is now? What it says of its release, beside what is graded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from grader.exercise.catalog import Exercise
from grader.records import AnySubmission, Submission

CHANGED = "have changed since"


def differing(submissions: Iterable[AnySubmission], exercises: Mapping[str, Exercise]) -> list[str]:
    """A line for each other release of an exercise that notebooks say they are of."""
    found = Counter((exercise.name, one.released.version, _changed(one.released.checks, exercise))
                    for one in submissions if isinstance(one, Submission) and one.released
                    for exercise in [exercises[one.exercise]])
    return [f"{_notebooks(count)} of {name} released as version {version}, graded as version "
            f"{exercises[name].settings.version}: its checks {changed}"
            for (name, version, changed), count in sorted(found.items())
            if changed == CHANGED or version != exercises[name].settings.version]


def _changed(checks: str, exercise: Exercise) -> str:
    if not checks:
        return "may have changed since"
    return "are the same" if checks == exercise.digest else CHANGED


def _notebooks(count: int) -> str:
    return f"{count} notebook{'' if count == 1 else 's'}"
