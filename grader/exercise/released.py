"""Is a notebook of the exercise as it is now? What it says of its release, beside what is graded; and which
of its cells are still as they were handed out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.release import cell_digest, cell_digests, student_notebook
from grader.records import AnySubmission, Submission, Verdict
from grader.wall.messages import CellEvent

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


def quoted(verdicts: Iterable[Verdict], events: Iterable[CellEvent]) -> list[int]:
    """The cells that a report quotes because of what happened there."""
    stopped = [event.cell for event in events]
    return list(dict.fromkeys(stopped + [line.cell for verdict in verdicts for line in verdict.lines]))


def handed_out(cells: Sequence[int], notebook: str, exercise: Exercise) -> tuple[int, ...]:
    """Those of some cells of a notebook that students got as they are. A release says which those are; its
    own notebook is a student's by now."""
    if not cells:
        return ()
    given = set(exercise.settings.given)
    if not exercise.settings.checks and exercise.notebook.exists():
        try:
            given = set(cell_digests(student_notebook(exercise)))
        except ExerciseError:
            return ()
    own = ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]
    return tuple(cell for cell in cells if cell < len(own) and cell_digest(own[cell]) in given)
