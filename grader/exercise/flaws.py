"""What is wrong with an exercise, and whose it is: the author's own check or probe is told from a solution.

A judge may not say more of a check that raised than that it did. An author wants the line; so checks are
judged here with a wrapper that keeps it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.exercise.catalog import Exercise
from grader.judge import Observed, judge
from grader.records import Cause, Mark, Verdict
from grader.spec import Check, Preparation
from grader.spec.check import NotBrought, Unmet
from grader.wall import messages

MEND_CHECK = ("mend that line: a check may call `fail` and the expectations, and must bear whatever a "
              "submission can send")
MEND_PARTS = "let the probe bring it, or mend its name in the check"
MEND_PROBE = ("mend the probe; if it stops on some solutions only, let it bear what they give, or name the "
              "check in their header")
SHOWN = 3   # solutions of one cause that are named


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """Something wrong with an exercise. Flaws of one cause are one flaw."""

    cause: str
    mend: str                              # how to
    example: str = ""                      # what was said the first time
    checks: tuple[str, ...] = ()           # that show it
    names: tuple[str, ...] = ()            # solutions, or changes to an observation, with which it shows
    proofs: tuple[str, ...] = ()           # that found it

    @property
    def told(self) -> str:
        """One line: the cause, what was said the first time, and with what it shows."""
        said = f": {' '.join(self.example.split())}" if self.example else ""
        beside = any(check not in self.cause for check in self.checks)
        more = len(self.names) - SHOWN
        names = ", ".join(self.names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
        return (f"{self.cause}{said}" + (f" [{', '.join(self.checks)}]" if beside else "")
                + (f" ({names})" if names else ""))


def grouped(flaws: Iterable[Flaw]) -> tuple[Flaw, ...]:
    """One flaw for each cause, in the order in which they came, with all that shows it."""
    causes: dict[str, Flaw] = {}
    for flaw in flaws:
        first = causes.setdefault(flaw.cause, flaw)
        causes[flaw.cause] = replace(first, example=first.example or flaw.example,
                                     checks=tuple(dict.fromkeys((*first.checks, *flaw.checks))),
                                     names=tuple(dict.fromkeys((*first.names, *flaw.names))),
                                     proofs=tuple(dict.fromkeys((*first.proofs, *flaw.proofs))))
    return tuple(causes.values())


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Verdicts, beside what of them is the author's own fault."""

    verdicts: tuple[Verdict, ...]
    broken: Mapping[str, Flaw]             # check -> it raised, or its probe brought too little
    stopped: Mapping[str, Flaw]            # check -> its probe raised, in no line of the solution's


class Watched:
    """An exercise whose checks leave word where they raise."""

    def __init__(self, exercise: Exercise) -> None:
        self._folder = exercise.folder.resolve()
        self.broken: dict[str, Flaw] = {}  # check -> since it was last cleared
        self.exercise = replace(exercise, checks=tuple(replace(check, function=self._watching(check))
                                                       for check in exercise.checks))

    def judge(self, observed: Observed, prepared: Preparation) -> Judged:
        """The verdict on every check, and which of them are the author's fault."""
        self.broken.clear()
        verdicts = judge(self.exercise, observed, prepared)
        stopped = {check.id: flaw for check, verdict in zip(self.exercise.checks, verdicts, strict=True)
                   if verdict.mark is Mark.FAIL and verdict.cause is not Cause.MISSING
                   and (flaw := self._stopped(check, observed))}
        return Judged(verdicts=verdicts, broken=dict(self.broken), stopped=stopped)

    def _watching(self, check: Check) -> Callable[..., None]:
        def function(*seen: object) -> None:
            try:
                check.function(*seen)
            except NotBrought as word:
                probes = ", ".join(f"`{step.function}`" for step in check.looks_at if step.probe)
                self.broken[check.id] = Flaw(
                    cause=f"probes.py: {probes} brings less than {check.id} asks for", mend=MEND_PARTS,
                    example=word.message, checks=(check.id,))
                raise
            except Unmet:
                raise
            except Exception as error:
                self.broken[check.id] = Flaw(
                    cause=f"{self._place(check, error)}: a check raises {type(error).__name__}",
                    mend=MEND_CHECK, example=str(error), checks=(check.id,))
                raise
        return function

    def _place(self, check: Check, error: Exception) -> str:
        """The innermost line of the exercise's own; of a call that failed, where the check is defined."""
        own = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
               if Path(frame.f_code.co_filename).parent == self._folder]
        code = check.function.__code__
        file, line = own[-1] if own else (code.co_filename, code.co_firstlineno)
        return f"{Path(file).name}:{line}"

    def _stopped(self, check: Check, observed: Observed) -> Flaw | None:
        for step in check.looks_at:
            outcome = observed[step.world.name].record.outcomes.get(self.exercise.keys[step])
            if isinstance(outcome, messages.Raised) and outcome.inside_probe:
                return Flaw(cause=f"probes.py: `{step.function}` itself raises {outcome.error}",
                            mend=MEND_PROBE, example=outcome.message, checks=(check.id,))
        return None
