"""`grader validate`: choose what is to be proved, gather what the proofs look at, and report what they find.

The proofs themselves are in proofs.py. The reference is the whole notebook, which must run to its end in a
sandbox; without one (`--sandbox inline`) its solutions alone are run, in this process.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from grader.execute.pool import Work, default_jobs, observe_all
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.exercise.alarms import Alarms, Tallies, Tally
from grader.exercise.catalog import Exercise, ExerciseError, course, known, load
from grader.exercise.flaws import Flaw, Watched, grouped
from grader.exercise.inline import CellStopError, as_notebook, observe_inline
from grader.exercise.limits import Measured, measured, write
from grader.exercise.overlooked import overlooked
from grader.exercise.proofs import PROOFS, Evidence, failed_by, lost
from grader.exercise.selection import KINDS, Choice, Wanted, choose
from grader.exercise.solutions import Solution, cells
from grader.intake.clean import clean
from grader.judge import Observed
from grader.options import Options
from grader.records import Mark
from grader.spec import Preparation
from grader.wall import messages, wire

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Proved:
    """One check, in numbers."""

    check: str
    points: float
    failed_by: int | None                  # wrong solutions; None: not looked at
    tally: Tally | None                    # false alarms; None: not looked at


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one wrong solution loses."""

    solution: str                          # the file's name
    lost: float                            # points
    most: float | None                     # that its header allows; None: it does not say
    fails: tuple[str, ...]                 # checks


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that was proved or not: a solution by what is asked of it alone, or all that a proof asks."""

    name: str                              # `wrong/lecun.py`, `reference`, or the proof's
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was proved of one exercise, and what was found."""

    exercise: str
    proofs: tuple[str, ...]
    left_out: tuple[str, ...]              # proofs
    solutions: Mapping[str, tuple[int, int]]  # kind -> how many were run, how many there are
    checks: tuple[Proved, ...]
    check_count: int                       # there are
    unavailable: tuple[str, ...]           # checks that this machine cannot look at
    draws: int
    isolated: bool                         # were solutions run behind a wall, the notebook from end to end?
    flaws: tuple[Flaw, ...]
    costs: tuple[Cost, ...]                # of the wrong solutions that came to a verdict
    cases: tuple[Case, ...]                # each flaw once more, where it shows
    warnings: tuple[Flaw, ...]             # what no check notices; none where not all proofs were made
    limits: Measured | None = None         # that follow from what the reference needs; None: it was not run


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What running solutions brought."""

    seed: int
    isolated: bool
    observed: Mapping[Solution, Observed]
    stopped: Mapping[Solution, str]        # the error of those that could not be run to their end


def validate(options: Options, name: str | None, sandbox: Sandbox | None, wanted: Wanted, *,
             progress: Progress) -> list[Report]:
    """Prove one exercise or all.

    Args:
        options: Where the exercises are, the seed, and the number of kernels in flight.
        name: The exercise; None for all of them.
        sandbox: Where solutions run; None for this very process.
        wanted: Which proofs, of which checks, with which solutions.
        progress: Called with what is in hand.

    Returns:
        A report for each exercise that has any of what is wanted.

    Raises:
        ExerciseError: an exercise cannot be loaded, or there is nothing of a name that was asked for.
        SandboxUnavailable: the sandbox did not start.
    """
    folders = known(options.exercises, name or options.exercise)
    course(options.exercises)
    chosen = choose([load(folders[n]) for n in ([name] if name else folders)], wanted)
    torch.set_num_threads(1)  # judging is small sums; the cores are for the kernels
    with Alarms(wanted.draws) as alarms:
        return [prove(choice, options, sandbox, alarms, progress=progress) for choice in chosen]


def prove(choice: Choice, options: Options, sandbox: Sandbox | None, alarms: Alarms, *,
          progress: Progress) -> Report:
    """Run the chosen proofs of one exercise.

    Raises:
        SandboxUnavailable: the sandbox did not start.
    """
    seed = options.seed if options.seed is not None else secrets.randbits(31)
    progress(f"{choice.exercise.name}: " + ", ".join(f"{len(choice.solutions[kind])} {kind}"
                                                     for kind in KINDS))
    everyone, part = [solution for kind in KINDS for solution in choice.solutions[kind]], choice.part
    observed, stopped = (_observed(part, everyone, options, sandbox, seed) if sandbox
                         else _observed_here(part, everyone, part.prepare(seed)))
    ran = Ran(seed=seed, isolated=sandbox is not None, observed=observed, stopped=stopped)
    return reported(choice, ran, alarms, progress=progress)


def reported(choice: Choice, ran: Ran, alarms: Alarms, *, progress: Progress) -> Report:
    """Judge what was run, and make the chosen proofs."""
    exercise, name = choice.exercise, choice.exercise.name
    evidence = _evidence(choice, ran)
    if any(proof.name == "alarms" for proof in choice.proofs):
        evidence = replace(evidence, counted=alarms.begin(choice.part, ran.seed))
    flaws: list[Flaw] = []
    for proof in choice.proofs:
        progress(f"{name}: {proof.promise}")
        flaws += [replace(flaw, proofs=(proof.name,)) for flaw in proof.prove(evidence)]
    names = tuple(proof.name for proof in choice.proofs)
    counts = failed_by(evidence) if "killed" in names else {}
    tallies = _tallies(evidence) if "alarms" in names else {}
    everything = {proof.name for proof in PROOFS} - {"alarms"} <= set(names)
    return Report(
        exercise=name, proofs=names, left_out=tuple(p.name for p in PROOFS if p.name not in names),
        flaws=grouped(flaws), draws=alarms.draws, isolated=ran.isolated,
        solutions={kind: (len(choice.solutions[kind]), choice.there[kind]) for kind in KINDS},
        checks=tuple(Proved(check=check.id, points=check.points, failed_by=counts.get(check.id),
                            tally=tallies.get(check.id))
                     for check in exercise.checks if check.id in choice.checks),
        check_count=len(exercise.checks), unavailable=_unavailable(evidence),
        costs=tuple(_costs(evidence)) if "cost" in names else (), cases=tuple(_cases(choice, flaws)),
        warnings=tuple(overlooked(exercise, ran.seed)) if everything else (),
        limits=measured(choice.part, choice.solutions, ran.observed) if ran.isolated else None)


def write_limits(options: Options, reports: Sequence[Report]) -> Iterator[str]:
    """Put the limits that were measured into each exercise.toml; says which.

    Raises:
        ExerciseError: they cannot be written, or there are none since the reference was not run.
    """
    folders = known(options.exercises)
    for report in reports:
        if report.limits is None:
            raise ExerciseError(f"{report.exercise}: the reference was not run, so no limits were measured")
        exercise = load(folders[report.exercise])
        write(exercise, report.limits)
        yield (f"{exercise.folder / 'exercise.toml'}: cell_seconds = {report.limits.cell_seconds}, "
               f"call_seconds = {report.limits.call_seconds}")


def _evidence(choice: Choice, ran: Ran) -> Evidence:
    """Every chosen solution, judged."""
    part = choice.part
    prepared, watched = part.prepare(ran.seed), Watched(part)
    events = {event for s in choice.solutions["reference"] if s in ran.observed
              for parcel in ran.observed[s].values() for event in parcel.record.run.events}
    return Evidence(exercise=choice.exercise, wanted=choice.checks, seed=ran.seed, solutions=choice.solutions,
                    judged={s: watched.judge(one, prepared) for s, one in ran.observed.items()},
                    stopped=ran.stopped, events=tuple(sorted(events, key=lambda event: event.cell)),
                    counted=dict)


def _costs(evidence: Evidence) -> Iterator[Cost]:
    for solution in evidence.solutions["wrong"]:
        judged = evidence.judged.get(solution)
        if judged and not judged.broken:
            yield Cost(solution=solution.path.name, lost=lost(judged), most=solution.points,
                       fails=tuple(v.id for v in judged.verdicts if v.mark is Mark.FAIL))


def _cases(choice: Choice, flaws: Sequence[Flaw]) -> Iterator[Case]:
    """Each flaw by the solution that shows it, or else by the proof that found it."""
    whole = [proof.name for proof in choice.proofs if not proof.of_one_solution]
    yield from (Case(name=name, flaws=grouped(flaw for flaw in flaws if name in flaw.proofs))
                for name in whole)
    found = [flaw for flaw in flaws if not set(whole) & set(flaw.proofs)]
    for kind in KINDS:
        asked = {proof.name for proof in choice.proofs if proof.of_one_solution and kind in proof.needs}
        for solution in choice.solutions[kind] if asked else ():
            mine = [flaw for flaw in found if asked & set(flaw.proofs)
                    and (solution.path.name in flaw.names or not flaw.names)]
            yield Case(name=solution.name, flaws=grouped(mine))


def _observed_here(exercise: Exercise, everyone: Sequence[Solution], prepared: Preparation
                   ) -> tuple[dict[Solution, Observed], dict[Solution, str]]:
    observed: dict[Solution, Observed] = {}
    stopped: dict[Solution, str] = {}
    for solution in everyone:
        try:
            observed[solution] = observe_inline(exercise, cells(exercise, solution.path), prepared)
        except CellStopError as error:
            stopped[solution] = str(error)
    return observed, stopped


def _observed(exercise: Exercise, everyone: Sequence[Solution], options: Options, sandbox: Sandbox, seed: int
              ) -> tuple[dict[Solution, Observed], dict[Solution, str]]:
    observed: list[dict[str, wire.Parcel[messages.Observations]]] = [{} for _ in everyone]
    jobs = options.jobs or default_jobs()
    for (index, world), answer in observe_all(sandbox, work(exercise, everyone, seed), jobs):
        if isinstance(answer, messages.NotStarted):
            raise SandboxUnavailable(f"the sandbox did not start: {answer.reason}")
        observed[index][world] = answer
    return dict(zip(everyone, observed, strict=True)), {}


def work(exercise: Exercise, everyone: Sequence[Solution], seed: int) -> Iterator[Work]:
    """What a sandbox has to do for these solutions."""
    prepared = exercise.prepare(seed)
    for index, solution in enumerate(everyone):
        if solution.path.suffix == ".ipynb":  # the reference: every cell of it is to run to its end
            notebook = clean(solution.path.read_bytes()).notebook
        else:
            notebook = as_notebook(cells(exercise, solution.path))
        yield from exercise.jobs(index, notebook, prepared)


def _tallies(evidence: Evidence) -> Tallies:
    try:
        return evidence.counted()
    except CellStopError:  # the proof has said so
        return {}


def _unavailable(evidence: Evidence) -> tuple[str, ...]:
    """The checks that nobody's work could be asked."""
    marks: dict[str, set[Mark]] = {}
    for judged in evidence.judged.values():
        for verdict in judged.verdicts:
            marks.setdefault(verdict.id, set()).add(verdict.mark)
    return tuple(check for check in evidence.wanted if marks.get(check) == {Mark.NOT_AVAILABLE})
