"""What is proved of an exercise: one function a proof, all listed in PROOFS. A proof yields what is wrong."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.exercise.alarms import Tallies, Tally, allowed_alarms
from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.flaws import Flaw, Judged, Watched
from grader.exercise.inline import CellStopError, observe_inline
from grader.exercise.questions import misplaced
from grader.exercise.release import files as released
from grader.exercise.solutions import Solution, cells, strays
from grader.exercise.spoilt import unnoticed
from grader.exercise.twins import called, twins
from grader.records import Mark, Verdict

if TYPE_CHECKING:
    from grader.wall.messages import CellEvent

MEND_HEADER = "mend the solution, or say in its header what it does"
MEND_STOPPED = "mend the cell; in a sandbox, unlike inline, a notebook goes on after a cell that raises"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the proofs of one exercise look at."""

    exercise: Exercise
    wanted: Collection[str]                # the ids of the checks that are to be proved
    seed: int
    solutions: Mapping[str, tuple[Solution, ...]]  # "reference", "right", "wrong" -> those to be proved
    judged: Mapping[Solution, Judged]      # as far as they could be run
    stopped: Mapping[Solution, str]        # the error of those that could not
    events: tuple[CellEvent, ...]          # of the whole notebook, cell by cell
    counted: Callable[[], Tallies]         # false alarms; waits for them


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One thing that is proved of an exercise."""

    name: str
    promise: str                           # what holds where nothing is found
    prove: Callable[[Evidence], Iterator[Flaw]]
    needs: tuple[str, ...] = ()            # the kinds of solutions that have to be run for it
    of_one_solution: bool = False          # can it be asked of one solution alone?
    of_one_check: bool = False             # ... of one check?


def release(evidence: Evidence) -> Iterator[Flaw]:
    """The exercise can be handed out."""
    try:
        asked = evidence.exercise.settings.written
        document = evidence.exercise.document() if asked else {}
        if missed := [said for one in asked if (said := misplaced(one, document))]:
            yield Flaw(cause="a written answer has no question", example="; ".join(missed),
                       mend="let `cell` be the id of the question's cell, or a text that only it has")
            return
        released(evidence.exercise)
    except ExerciseError as error:
        yield Flaw(cause="cannot be handed out", example=str(error),
                   mend="mark what students write with ### BEGIN SOLUTION and ### END SOLUTION")


def reference(evidence: Evidence) -> Iterator[Flaw]:
    """The whole notebook runs to its end and passes."""
    for event in evidence.events:
        yield Flaw(cause=f"notebook.ipynb, cell {event.cell + 1}: {event.error or event.cause.value}: "
                         f"{event.message}", mend="mend the cell")
    yield from (replace(flaw, names=(evidence.exercise.notebook.name,)) for flaw in release(evidence))
    yield from _as_said(evidence, "reference")


def right(evidence: Evidence) -> Iterator[Flaw]:
    """Right solutions in other styles pass."""
    yield from _as_said(evidence, "right")


def wrong(evidence: Evidence) -> Iterator[Flaw]:
    """Every wrong solution fails as its header says, and nothing else."""
    yield from _as_said(evidence, "wrong")


def cost(evidence: Evidence) -> Iterator[Flaw]:
    """No mistake costs more points than its header says, nor more than a third without a reason."""
    most = evidence.exercise.settings.points / 3
    for solution in evidence.solutions["wrong"]:
        judged = evidence.judged.get(solution)
        if judged and not judged.broken:
            for cause, mend in _too_dear(solution, judged, most):
                yield Flaw(cause=cause, mend=mend, names=(solution.path.name,))


def _too_dear(solution: Solution, judged: Judged, most: float) -> Iterator[tuple[str, str]]:
    costs = lost(judged)
    if solution.points is None:
        yield ("the header does not say what the mistake may cost",
               f"add a line to it: `points: {costs:g}`")
        return
    if costs > solution.points:
        failed = ", ".join(v.id for v in judged.verdicts if v.points < v.max_points)
        behind = any(v.mark is Mark.NOT_REACHED for v in judged.verdicts)
        mend = ("let the checks behind it look at what they can see by themselves (drop `after=`)" if behind
                else "let one check alone see the mistake")
        yield (f"costs {costs:g} points, the header says {solution.points:g} ({failed})",
               f"{mend}, or say so in the header: `points: {costs:g}`")
    if solution.points > most and not solution.reason:
        yield (f"may cost {solution.points:g} points, more than a third",
               f"say why in the header, `points: {solution.points:g} (why so many)`, or let it cost less")


def killed(evidence: Evidence) -> Iterator[Flaw]:
    """Every check is failed by some wrong solution."""
    judged = [evidence.judged[s] for s in evidence.solutions["wrong"] if s in evidence.judged]
    count = failed_by(evidence)
    for check in evidence.wanted:
        verdicts = [(one, v) for one in judged for v in one.verdicts if v.id == check]
        own = [one.broken[at] for one, v in verdicts for at in (check, v.root or "")
               if at in one.broken]
        marks = {v.mark for _, v in verdicts}
        gone = Mark.NOT_AVAILABLE in marks and marks <= {Mark.NOT_AVAILABLE, Mark.NOT_REACHED}
        yield from own
        if not (count[check] or own or gone):
            yield Flaw(cause="no wrong solution fails it", checks=(check,),
                       mend="add a file to wrong/ that does, or drop the check: perhaps it cannot fail")


def spoilt(evidence: Evidence) -> Iterator[Flaw]:
    """Wrong numbers do not pass, and nothing that can arrive makes a check raise."""
    exercise, prepared = evidence.exercise, evidence.exercise.prepare(evidence.seed)
    try:
        observed = observe_inline(exercise, cells(exercise), prepared)
    except CellStopError as error:
        yield _stopped(str(error))
        return
    yield from unnoticed(Watched(exercise), observed, prepared, evidence.wanted)


def names(evidence: Evidence) -> Iterator[Flaw]:
    """What exercise.toml forbids and preloads exists, and what it forbids has no other name."""
    settings = evidence.exercise.settings
    for verb, missing in (("preloads", [name for name in settings.preload if not _is_module(name)]),
                          ("forbids", [name for name in settings.forbidden if not _is_function(name)]),
                          ("allows", [name for name in settings.allowed if not _is_function(name)])):
        if missing:
            yield Flaw(cause=f"exercise.toml {verb} what there is not", names=tuple(missing),
                       mend="correct the name, or leave it out")
    if unlisted := twins(settings.forbidden, settings.allowed):
        yield Flaw(cause="exercise.toml leaves out functions behind those that it forbids", names=unlisted,
                   mend="forbid them too; or name in `allowed` those that answer no task")


def alarms(evidence: Evidence) -> Iterator[Flaw]:
    """The reference, with fresh inputs, fails no check more often than the check claims."""
    try:
        counted = evidence.counted()
    except CellStopError as error:
        yield _stopped(str(error))
        return
    claims = {check.id: check.false_alarms for check in evidence.exercise.checks}
    for check in evidence.wanted:
        tally = counted.get(check, Tally())
        if tally.fault:
            yield replace(tally.fault, names=("notebook.ipynb",))
        if tally.alarms > allowed_alarms(claims[check], tally.draws):
            yield Flaw(cause=f"{check}: {tally.alarms} false alarms in {tally.draws}, "
                             f"claimed {claims[check]:g}",
                       example=tally.first, checks=(check,),
                       mend="derive the bound from the sample's size, or claim the rate with false_alarms=")


PROOFS = (
    Proof(name="release", promise="it can be handed out", prove=release),
    Proof(name="names", promise="what exercise.toml forbids and preloads exists, and has no unlisted twin",
          prove=names),
    Proof(name="reference", promise="the notebook runs to its end and passes", prove=reference,
          needs=("reference",), of_one_solution=True, of_one_check=True),
    Proof(name="right", promise="other right solutions pass", prove=right, needs=("right",),
          of_one_solution=True, of_one_check=True),
    Proof(name="wrong", promise="wrong solutions fail as their headers say", prove=wrong, needs=("wrong",),
          of_one_solution=True, of_one_check=True),
    Proof(name="cost", promise="one mistake costs one promise", prove=cost, needs=("wrong",),
          of_one_solution=True),
    Proof(name="killed", promise="every check is failed by some wrong solution", prove=killed,
          needs=("wrong",), of_one_check=True),
    Proof(name="spoilt", promise="wrong numbers do not pass, junk makes no check raise", prove=spoilt,
          of_one_check=True),
    Proof(name="alarms", promise="false alarms are as rare as claimed", prove=alarms, of_one_check=True),
)


def lost(judged: Judged) -> float:
    """The points that are missing, of those that this machine could give."""
    return sum(v.max_points - v.points for v in judged.verdicts if v.mark is not Mark.NOT_AVAILABLE)


def failed_by(evidence: Evidence) -> dict[str, int]:
    """Check -> how many of the wrong solutions that were run fail it."""
    failed = [verdict.id for solution in evidence.solutions["wrong"] if solution in evidence.judged
              for verdict in evidence.judged[solution].verdicts if verdict.mark is Mark.FAIL]
    return {check: failed.count(check) for check in evidence.wanted}


def _as_said(evidence: Evidence, kind: str) -> Iterator[Flaw]:
    for solution in evidence.solutions[kind]:
        if solution in evidence.stopped:
            yield _stopped(evidence.stopped[solution], solution)
            continue
        if strays(evidence.exercise, solution):
            wanted = ", ".join(evidence.exercise.settings.functions)
            yield Flaw(cause=f"defines none of the exercise's functions ({wanted})",
                       mend="call what it defines as the notebook does", names=(solution.path.name,))
            continue
        for flaw in _differences(solution, evidence.judged[solution], evidence.wanted):
            yield replace(flaw, names=(solution.path.name,))


def _differences(solution: Solution, judged: Judged, wanted: Collection[str]) -> Iterator[Flaw]:
    """Where what was judged differs from what the header says.

    What is the check's or the probe's own fault is said instead, and of the rest nothing that only follows
    from it.
    """
    own = {**{check: flaw for check, flaw in judged.stopped.items() if check not in solution.fails},
           **judged.broken}
    yield from own.values()
    for verdict in judged.verdicts:
        behind = verdict.mark is Mark.NOT_REACHED and verdict.root in own
        if verdict.id in wanted and verdict.id not in own and not behind:
            yield from _difference(solution, verdict)
    if own:
        return
    whole = solution.fails <= {verdict.id for verdict in judged.verdicts}
    failed = [verdict for verdict in judged.verdicts if verdict.mark is Mark.FAIL]
    found = {v.diagnosis for v in failed if v.diagnosis}
    if found != solution.diagnoses if whole else found - solution.diagnoses:
        yield Flaw(cause=f"diagnosed as {_listed(found)}, the header says {_listed(solution.diagnoses)}",
                   mend=MEND_HEADER)
    causes = {v.cause.value for v in failed if v.cause}
    if solution.causes and (causes != solution.causes if whole else causes - solution.causes):
        yield Flaw(cause=f"fails with cause {_listed(causes)}, the header says {_listed(solution.causes)}",
                   mend=MEND_HEADER)


def _difference(solution: Solution, verdict: Verdict) -> Iterator[Flaw]:
    said, mark = verdict.id in solution.fails, verdict.mark
    if said and mark is not Mark.FAIL:
        yield Flaw(cause=f"{verdict.id} should fail, it is {mark.value}{_behind(verdict)}",
                   checks=(verdict.id,), mend=MEND_HEADER)
    elif not said and mark is Mark.FAIL:
        how = f" ({verdict.diagnosis or (verdict.cause.value if verdict.cause else 'no cause')})"
        yield Flaw(cause=f"{verdict.id} should not fail{how}", example=verdict.message, checks=(verdict.id,),
                   mend=MEND_HEADER if solution.fails else "mend the solution, or what the check expects")
    elif not solution.fails and mark in (Mark.NOT_REACHED, Mark.PARTIAL):
        yield Flaw(cause=f"{verdict.id} is {mark.value}{_behind(verdict)}", checks=(verdict.id,),
                   mend="mend the solution, or what the check expects")


def _behind(verdict: Verdict) -> str:
    return f", behind {verdict.root}" if verdict.root else ""


def _stopped(error: str, solution: Solution | None = None) -> Flaw:
    name = solution.path.name if solution else "notebook.ipynb"
    return Flaw(cause=f"a cell stops: {error}", names=(name,), mend=MEND_STOPPED)


def _listed(names: Collection[str | None]) -> str:
    return ", ".join(sorted(filter(None, names))) or "nothing"


def _is_module(name: str) -> bool:
    """Is there a module of this dotted name?"""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _is_function(name: str) -> bool:
    """Is there a function of this dotted name?"""
    try:
        return callable(called(name))
    except (ImportError, AttributeError, ValueError):
        return False
