"""The stages that every submission goes through, in their order: prepare, observe, judge.

    submission ──► jobs          prepare: the notebook, the inputs, what to call; one job for each world
    jobs ──► observations        observe: in the sandbox, many at a time
    observations ──► verdicts    judge: outside, pure; and the result that a report speaks of

Records come in, records go out. Nothing is kept here: that is `keep`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from grader import environment, results, unwatched
from grader import judge as judging
from grader.execute.executor import Executor, executor
from grader.execute.gpus import Gpu
from grader.execute.pool import Work
from grader.execute.sandbox import Sandbox
from grader.exercise.catalog import Exercise
from grader.intake.bundle import Bundle
from grader.options import Options
from grader.records import AnySubmission, MadeBy, Result, Submission, Unclear, Unreadable
from grader.spec import Preparation
from grader.wall import wire
from grader.wall.messages import NotStarted, Observations, Run

Observed = Mapping[str, wire.Parcel[Observations]]               # world -> what was observed in it
Answers = Mapping[str, wire.Parcel[Observations] | NotStarted]   # world -> that, or why there is nothing


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is the same for everybody who is graded together."""

    exercises: Mapping[str, Exercise]
    prepared: Mapping[str, Preparation]   # exercise -> its inputs, drawn from the seed
    seed: int
    sandbox: str                          # its name
    device: str                           # "cpu", or "cuda" and the GPUs' names
    layers: tuple[str, ...] = ()          # of the sandbox, those that hold

    @classmethod
    def drawn(cls, exercises: Mapping[str, Exercise], *, seed: int, sandbox: str, device: str = "cpu",
              layers: tuple[str, ...] = ()) -> Conditions:
        """These conditions, with every exercise's inputs drawn from the seed."""
        return cls(exercises=exercises, seed=seed, sandbox=sandbox, device=device, layers=layers,
                   prepared={name: exercise.prepare(seed) for name, exercise in exercises.items()})


@dataclass(frozen=True, kw_only=True)
class Graded:
    """One submission, judged."""

    submission: AnySubmission
    result: Result
    observed: Observed = field(default_factory=dict)
    executed: str = ""   # the notebook as executed; "" where there is none

    @property
    def notebook(self) -> str:
        return self.submission.notebook if isinstance(self.submission, Submission) else ""


def grade(submissions: Sequence[AnySubmission], conditions: Conditions, place: Sandbox | Executor,
          options: Options) -> Iterator[Graded]:
    """All stages for all submissions; in the order in which they come to an end.

    What a team handed in is executed once, and each member's mark is judged from that.
    """
    shared: dict[object, list[AnySubmission]] = {}
    for number, submission in enumerate(submissions):
        shared.setdefault(_together(submission) or number, []).append(submission)
    groups = list(shared.values())
    work = [prepare(number, group[0], conditions) for number, group in enumerate(groups)]
    for number, answers in observe(work, place, options):
        for submission in groups[number]:
            yield judge(submission, answers, conditions)


def _together(submission: AnySubmission) -> tuple[str, ...] | None:
    """What the members of one team have in common, whose submission it is; None of one that is nobody
    else's."""
    if not submission.team or not isinstance(submission, Submission):
        return None
    return (submission.team, submission.source_id, submission.exercise, submission.path, submission.sha256,
            submission.notebook, *(f"{file.name} {file.sha256}" for file in submission.files))


def prepare(number: int, submission: AnySubmission, conditions: Conditions) -> list[Work]:
    """The jobs of one submission, one for each world; none where there is nothing to execute."""
    if not isinstance(submission, Submission):
        return []
    name = submission.exercise
    handed_in = Bundle(files=submission.files, places=submission.places)
    return list(conditions.exercises[name].jobs(number, submission.notebook, conditions.prepared[name],
                                                device=conditions.device, handed_in=handed_in))


def observe(work: Sequence[Sequence[Work]], place: Sandbox | Executor,
            options: Options) -> Iterator[tuple[int, Answers]]:
    """The number of each submission, and what came of its jobs, as soon as all of them are done.

    Its worlds are in the order of its jobs, whichever came first.
    """
    yield from ((number, {}) for number, jobs in enumerate(work) if not jobs)
    waiting = [each for jobs in work for each in jobs]
    arrived: list[dict[str, wire.Parcel[Observations] | NotStarted]] = [{} for _ in work]
    where = executor(place, jobs=options.jobs, jobs_per_gpu=options.jobs_per_gpu)
    for (number, world), answer in where.observe_all(waiting) if waiting else ():
        arrived[number][world] = answer
        if len(arrived[number]) == len(work[number]):
            yield number, {each.key[1]: arrived[number].pop(each.key[1]) for each in work[number]}


def judge(submission: AnySubmission, answers: Answers, conditions: Conditions) -> Graded:
    """The result of what was observed; withheld where a sandbox did not start, or where we fail to judge:
    nobody's work may end the others'."""
    exercise = conditions.exercises[submission.exercise]
    made_by = results.made_by(exercise, seed=conditions.seed, sandbox=conditions.sandbox,
                              device=conditions.device, layers=conditions.layers)
    try:
        return _judged(submission, answers, conditions, exercise, made_by)
    except Exception as error:
        logging.getLogger(__name__).exception("%s, %s", submission.student, submission.exercise)
        return Graded(submission=submission, result=results.not_judged(submission, exercise, made_by, error))


def _judged(submission: AnySubmission, answers: Answers, conditions: Conditions, exercise: Exercise,
            made_by: MadeBy) -> Graded:
    if isinstance(submission, Unreadable):
        return Graded(submission=submission, result=results.unreadable(submission, exercise, made_by))
    if isinstance(submission, Unclear):
        return Graded(submission=submission, result=results.unclear(submission, exercise, made_by))
    failed = [answer.reason for answer in answers.values() if isinstance(answer, NotStarted)]
    if failed:
        return Graded(submission=submission,
                      result=results.not_started(submission, exercise, made_by, failed[0]))
    observed = {world: answer for world, answer in answers.items() if isinstance(answer, wire.Parcel)}
    verdicts = judging.judge(exercise, observed, conditions.prepared[exercise.name])
    verdicts, needs = environment.judged(verdicts, submission.notebook, exercise.packages,
                                         [file.name for file in submission.files])
    run = next((parcel.record.run for parcel in observed.values()), Run())
    result = structs.replace(results.judged(submission, exercise, made_by, verdicts, run.events),
                             skipped=run.skipped)
    unseen = unwatched.unwatched(submission.notebook, exercise.settings.forbidden)
    result = structs.replace(result, needs_you=(*result.needs_you, *needs, *unseen))
    return Graded(submission=submission, observed=observed, result=result, executed=run.executed)


def device_of(gpus: Sequence[Gpu]) -> str:
    """What a result says of where it was graded: "cpu", or "cuda" and the GPUs' names."""
    return f"cuda ({', '.join(sorted({gpu.name for gpu in gpus}))})" if gpus else "cpu"
