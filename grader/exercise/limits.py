"""Limits that follow from what the reference needs, on the machine that measures it."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.solutions import Solution
from grader.files import replace_file
from grader.judge import Observed
from grader.wall.messages import Returned

CELLS, CALLS = 10, 20              # times the reference's own
LEAST_CELL, LEAST_CALL = 5, 2      # s
SLOW = 2                           # times the slowest call of a right solution, and the reference's, at least
TABLE = re.compile(r"^\[limits\][^\n]*$\n?", re.MULTILINE)
NEXT = re.compile(r"^\[", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds of CPU, and the limits that follow from them."""

    cell: float                            # of the reference's slowest cell
    call: float                            # of its slowest call
    right: float                           # of the slowest call of any right solution
    now: tuple[float, float]               # exercise.toml's cell_seconds and call_seconds
    patient: float                         # and its patient_seconds, beyond which no cell needs a limit

    @property
    def cell_seconds(self) -> int:
        wanted = min(CELLS * self.cell, max(self.patient, SLOW * self.cell))
        return max(LEAST_CELL, math.ceil(wanted))

    @property
    def call_seconds(self) -> int:
        return max(LEAST_CALL, math.ceil(CALLS * self.call), math.ceil(SLOW * self.right))

    @property
    def too_small(self) -> bool:
        return self.now[0] < self.cell_seconds or self.now[1] < self.call_seconds


def measured(exercise: Exercise, solutions: Mapping[str, Iterable[Solution]],
             observed: Mapping[Solution, Observed]) -> Measured | None:
    """What the reference needed; None where it was not run."""
    runs = [parcel.record for solution in solutions["reference"]
            for parcel in observed.get(solution, {}).values()]
    if not runs:
        return None
    limits = exercise.settings.limits
    return Measured(
        cell=max(record.run.slowest for record in runs), call=_slowest(solutions["reference"], observed),
        right=_slowest(solutions["right"], observed), now=(limits.cell_seconds, limits.call_seconds),
        patient=limits.patient_seconds)


def _slowest(solutions: Iterable[Solution], observed: Mapping[Solution, Observed]) -> float:
    outcomes = (outcome for solution in solutions for parcel in observed.get(solution, {}).values()
                for outcome in parcel.record.outcomes.values())
    return max((outcome.cpu_seconds for outcome in outcomes if isinstance(outcome, Returned)), default=0.0)


def write(exercise: Exercise, limits: Measured) -> None:
    """Put them into exercise.toml, in which nothing else changes.

    Raises:
        ExerciseError: its table cannot be found or written.
    """
    path = exercise.folder / "exercise.toml"
    text = path.read_text(encoding="utf-8")
    new = changed(text, {"cell_seconds": limits.cell_seconds, "call_seconds": limits.call_seconds})
    try:
        before, after = tomllib.loads(text), tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        before, after = {}, {"limits": {}}
    wanted = {**before.get("limits", {}), "cell_seconds": limits.cell_seconds,
              "call_seconds": limits.call_seconds}
    if after != {**before, "limits": wanted}:
        raise ExerciseError(f"{path}: write cell_seconds = {limits.cell_seconds} and call_seconds = "
                            f"{limits.call_seconds} into [limits] by hand")
    replace_file(path, new)


def changed(text: str, values: Mapping[str, int]) -> str:
    """A TOML file with these values in its table `limits`; comments stay."""
    found = TABLE.search(text)
    if found is None:
        first = NEXT.search(text)
        at = first.start() if first else len(text)
        lead = "" if not text[:at] or text[:at].endswith("\n\n") else "\n"
        table = "[limits]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        return text[:at] + lead + table + ("\n" if first else "") + text[at:]
    if not found[0].endswith("\n"):
        return changed(f"{text}\n", values)
    end = NEXT.search(text, found.end())
    body = text[found.end():end.start() if end else len(text)]
    missing = ""
    for key, value in values.items():
        body, times = re.subn(rf"^({key}\s*=\s*)[\d._eE+-]+", rf"\g<1>{value}", body, flags=re.MULTILINE)
        missing += "" if times else f"{key} = {value}\n"
    return text[:found.end()] + missing + body + (text[end.start():] if end else "")
