"""One run of the stages over some submissions: prepare, observe, judge."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from grader import __version__, records
from grader.execute import allocator
from grader.execute.gpus import Gpu
from grader.execute.pool import default_jobs, observe_all
from grader.execute.sandbox import Sandbox
from grader.exercise.catalog import Exercise
from grader.judge import judge, score
from grader.options import Options
from grader.spec import Preparation
from grader.wall import messages, wire

Observed = Mapping[str, wire.Parcel[messages.Observations]]
Answer = wire.Parcel[messages.Observations] | messages.NotStarted


@dataclass(frozen=True, kw_only=True)
class Graded:
    """One submission, judged."""

    submission: records.Submission | records.Unreadable
    result: records.Result
    observed: Observed = field(default_factory=dict)

    @property
    def notebook(self) -> str:
        return self.submission.notebook if isinstance(self.submission, records.Submission) else ""

    @property
    def executed(self) -> str:
        return next((parcel.record.run.executed for parcel in self.observed.values()), "")


class Grading:
    """One run of the stages over some submissions, with one seed."""

    def __init__(self, options: Options, exercises: Mapping[str, Exercise], seed: int, sandbox: str,
                 device: str = "cpu") -> None:
        torch.set_num_threads(1)  # judging is small sums; the cores are for the kernels
        allocator.keep_freed_memory()
        self.options = options
        self.exercises = exercises
        self.seed = seed
        self.sandbox = sandbox
        self.device = device
        self.contents = {name: contents(e) for name, e in exercises.items()}
        self.prepared: dict[str, Preparation] = {name: e.prepare(seed) for name, e in exercises.items()}

    def made_by(self, exercise: Exercise) -> records.MadeBy:
        return records.MadeBy(grader=__version__, exercise=exercise.settings.version,
                              torch=str(torch.__version__),
                        device=self.device, seed=self.seed, sandbox=self.sandbox)

    def fingerprint(self, submission: records.Submission | records.Unreadable) -> str:
        """Of everything that decides the mark."""
        exercise = self.exercises[submission.exercise]
        notebook = submission.notebook if isinstance(submission, records.Submission) else submission.reason
        parts = (notebook, self.contents[exercise.name],
                 *map(str, (self.made_by(exercise), platform.machine())))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def run(self, submissions: list[records.Submission | records.Unreadable],
            sandbox: Sandbox) -> Iterator[Graded]:
        """Observe and judge every submission; in the order in which they come to an end."""
        readable = {i: s for i, s in enumerate(submissions) if isinstance(s, records.Submission)}
        yield from (Graded(submission=s, result=self.unreadable(s)) for s in submissions
                    if isinstance(s, records.Unreadable))
        if not readable:
            return
        work = [w for i, s in readable.items()
                for w in self.exercises[s.exercise].jobs(i, s.notebook, self.prepared[s.exercise],
                                                         seed=self.seed, device=self.device)]
        waiting = Counter(w.key[0] for w in work)
        arrived: dict[int, dict[str, Answer]] = {i: {} for i in readable}
        for (index, world), answer in observe_all(sandbox, work, self.options.jobs or default_jobs(),
                                                     self.options.jobs_per_gpu):
            arrived[index][world] = answer
            if len(arrived[index]) == waiting[index]:
                yield self.judged(readable[index], arrived.pop(index))

    def judged(self, submission: records.Submission,
               answers: Mapping[str, wire.Parcel[messages.Observations] | messages.NotStarted]) -> Graded:
        """The verdicts on what was observed; withheld where a sandbox did not start."""
        failed = [a.reason for a in answers.values() if isinstance(a, messages.NotStarted)]
        observed = {world: a for world, a in answers.items() if isinstance(a, wire.Parcel)}
        if failed:
            result = self._result(submission, (), records.Status.WITHHELD,
                                  reason=f"The sandbox did not start: {failed[0]}")
            return Graded(submission=submission, result=result)
        exercise = self.exercises[submission.exercise]
        verdicts = judge(exercise, observed, self.prepared[exercise.name])
        events = next((parcel.record.run.events for parcel in observed.values()), ())
        broken = [v for v in verdicts if v.mark is records.Mark.GRADER_ERROR]
        status = records.Status.WITHHELD if broken else records.Status.GRADED
        reason = f"{broken[0].id}: {broken[0].message}" if broken else ""
        return Graded(submission=submission, observed=observed,
                      result=self._result(submission, verdicts, status, reason=reason, events=events))

    def unreadable(self, submission: records.Unreadable) -> records.Result:
        return self._result(submission, (), records.Status.UNREADABLE, reason=submission.reason,
                            said=submission.said)

    def _result(self, submission: records.Submission | records.Unreadable,
                verdicts: tuple[records.Verdict, ...], status: records.Status, *,
                reason: str, events: tuple[messages.CellEvent, ...] = (),
                said: records.Said | None = None) -> records.Result:
        exercise = self.exercises[submission.exercise]
        points, maximum = score(verdicts) if verdicts else (0.0, exercise.settings.points)
        first = next((f"cell {e.cell + 1}: {e.error or e.cause.value}"
                      + (f": {e.message}" if e.message else "") for e in events), None)
        file = records.NotebookFile(path=submission.path, sha256=submission.sha256, first_error=first)
        return records.Result(student=submission.student, exercise=submission.exercise, status=status,
                              checks=verdicts,
                        score=None if status is records.Status.WITHHELD else points, max_score=maximum,
                        notebook=file,
                        made_by=self.made_by(exercise), reason=reason, events=events, said=said,
                        title=exercise.settings.title)


def device_of(gpus: Sequence[Gpu]) -> str:
    """What a result says of where it was graded: "cpu", or "cuda" and the GPUs' names."""
    return f"cuda ({', '.join(sorted({gpu.name for gpu in gpus}))})" if gpus else "cpu"


def contents(exercise: Exercise) -> str:
    """A digest of the files that decide an exercise's marks."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in exercise.files)).hexdigest()
