"""Is a notebook of the exercise as it is now? What it says of its release, beside what is graded; and which
of its cells are still as they were handed out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.release import student_notebook
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


def handed_out(cells: Sequence[int], notebook: str, exercise: Exercise) -> tuple[int, ...]:
    """Those of some cells of a cleaned notebook that students got as they are; none where the exercise is
    itself a release, whose notebook is a student's own by now."""
    if not cells or exercise.settings.checks or not exercise.notebook.exists():
        return ()
    try:
        given = {source.strip() for source in _sources(student_notebook(exercise))}
    except ExerciseError:
        return ()
    own = _sources(notebook)
    return tuple(cell for cell in cells if cell < len(own) and own[cell].strip() in given)


def _sources(notebook: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]
