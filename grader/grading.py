"""One run of the stages over some submissions: prepare, observe, judge."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from grader import __version__, wire
from grader import records as r
from grader.catalog import Exercise
from grader.execute import mounts
from grader.execute.gpus import Gpu
from grader.execute.pool import Work, observe_all
from grader.execute.sandbox import Sandbox
from grader.judge import judge, score
from grader.spec import ON_GPU, REAL_CUDA, Preparation

ON_A_GPU = (REAL_CUDA, ON_GPU)   # worlds that need one; without, checks that look there are not available
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
Observed = Mapping[str, wire.Parcel[r.Observations]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to grade; what the command line says."""

    exercises: Path
    exercise: str | None = None
    jobs: int | None = None
    seed: int | None = None
    language: str | None = None
    jobs_per_gpu: int = 1


@dataclass(frozen=True, kw_only=True)
class Graded:
    """One submission, judged."""

    submission: r.Submission | r.Unreadable
    result: r.Result
    observed: Observed = field(default_factory=dict)

    @property
    def notebook(self) -> str:
        return self.submission.notebook if isinstance(self.submission, r.Submission) else ""

    @property
    def executed(self) -> str:
        return next((parcel.record.run.executed for parcel in self.observed.values()), "")


class Grading:
    """One run of the stages over some submissions, with one seed."""

    def __init__(self, options: Options, exercises: Mapping[str, Exercise], seed: int, sandbox: str,
                 device: str = "cpu") -> None:
        torch.set_num_threads(1)  # judging is small sums; the cores are for the kernels
        keep_freed_memory()
        self.options = options
        self.exercises = exercises
        self.seed = seed
        self.sandbox = sandbox
        self.device = device
        self.contents = {name: contents(e.folder) for name, e in exercises.items()}
        self.prepared: dict[str, Preparation] = {name: e.prepare(seed) for name, e in exercises.items()}

    def made_by(self, exercise: Exercise) -> r.MadeBy:
        return r.MadeBy(grader=__version__, exercise=exercise.settings.version, torch=str(torch.__version__),
                        device=self.device, seed=self.seed, sandbox=self.sandbox)

    def fingerprint(self, submission: r.Submission | r.Unreadable) -> str:
        """Of everything that decides the mark."""
        exercise = self.exercises[submission.exercise]
        notebook = submission.notebook if isinstance(submission, r.Submission) else submission.reason
        parts = (notebook, self.contents[exercise.name], *map(str, (self.made_by(exercise), platform.machine())))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def work(self, index: int, submission: r.Submission) -> Iterator[Work]:
        """One job for each world the exercise looks at."""
        exercise = self.exercises[submission.exercise]
        prepared = self.prepared[submission.exercise]
        for name in exercise.worlds:
            if name in ON_A_GPU and self.device == "cpu":
                continue
            keys = exercise.keys_in(name)
            job = r.Job(notebook=submission.notebook, world=prepared.worlds[name], seed=self.seed,
                        device="cuda:0" if name == ON_GPU else "cpu",
                        watched=exercise.settings.forbidden, functions=exercise.settings.functions,
                        preload=exercise.settings.preload,
                        limits=exercise.settings.limits)
            arrays = {k: a for key in keys for k, a in prepared.steps[key].arrays.items()}
            yield Work(key=(index, name), job=job, steps=tuple(prepared.steps[key].record for key in keys),
                       arrays=arrays, on_gpu=name in ON_A_GPU)

    def run(self, submissions: list[r.Submission | r.Unreadable], sandbox: Sandbox) -> Iterator[Graded]:
        """Observe and judge every submission; in the order in which they come to an end."""
        readable = {i: s for i, s in enumerate(submissions) if isinstance(s, r.Submission)}
        yield from (Graded(submission=s, result=self.unreadable(s)) for s in submissions
                    if isinstance(s, r.Unreadable))
        if not readable:
            return
        work = [w for i, s in readable.items() for w in self.work(i, s)]
        waiting = Counter(w.key[0] for w in work)
        arrived: dict[int, dict[str, wire.Parcel[r.Observations] | r.NotStarted]] = {i: {} for i in readable}
        for (index, world), answer in observe_all(sandbox, work, self.options.jobs or default_jobs(),
                                                     self.options.jobs_per_gpu):
            arrived[index][world] = answer
            if len(arrived[index]) == waiting[index]:
                yield self.judged(readable[index], arrived.pop(index))

    def judged(self, submission: r.Submission,
               answers: Mapping[str, wire.Parcel[r.Observations] | r.NotStarted]) -> Graded:
        """The verdicts on what was observed; withheld where a sandbox did not start."""
        failed = [a.reason for a in answers.values() if isinstance(a, r.NotStarted)]
        observed = {world: a for world, a in answers.items() if isinstance(a, wire.Parcel)}
        if failed:
            result = self._result(submission, (), r.Status.WITHHELD, reason=f"The sandbox did not start: {failed[0]}")
            return Graded(submission=submission, result=result)
        exercise = self.exercises[submission.exercise]
        verdicts = judge(exercise, observed, self.prepared[exercise.name])
        events = next((parcel.record.run.events for parcel in observed.values()), ())
        broken = [v for v in verdicts if v.mark is r.Mark.GRADER_ERROR]
        status = r.Status.WITHHELD if broken else r.Status.GRADED
        reason = f"{broken[0].id}: {broken[0].message}" if broken else ""
        return Graded(submission=submission, observed=observed,
                      result=self._result(submission, verdicts, status, reason=reason, events=events))

    def unreadable(self, submission: r.Unreadable) -> r.Result:
        return self._result(submission, (), r.Status.UNREADABLE, reason=submission.reason,
                            said=submission.said)

    def _result(self, submission: r.Submission | r.Unreadable, verdicts: tuple[r.Verdict, ...], status: r.Status, *,
                reason: str, events: tuple[r.CellEvent, ...] = (), said: r.Said | None = None) -> r.Result:
        exercise = self.exercises[submission.exercise]
        points, maximum = score(verdicts) if verdicts else (0.0, exercise.settings.points)
        first = next((f"cell {e.cell + 1}: {e.error or e.cause.value}" + (f": {e.message}" if e.message else "")
                      for e in events), None)
        file = r.NotebookFile(path=submission.path, sha256=submission.sha256, first_error=first)
        return r.Result(student=submission.student, exercise=submission.exercise, status=status, checks=verdicts,
                        score=None if status is r.Status.WITHHELD else points, max_score=maximum, notebook=file,
                        made_by=self.made_by(exercise), reason=reason, events=events, said=said,
                        title=exercise.settings.title)


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed: each submission's megabytes would be given back and, page by page, taken again,
    which is a fifth of the time to judge and store one. Elsewhere nothing is told."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, mounts.MMAP_THRESHOLD)
        mallopt(M_TRIM_THRESHOLD, mounts.TRIM_THRESHOLD)


def device_of(gpus: Sequence[Gpu]) -> str:
    """What a result says of where it was graded: "cpu", or "cuda" and the GPUs' names."""
    return f"cuda ({', '.join(sorted({gpu.name for gpu in gpus}))})" if gpus else "cpu"


def default_jobs() -> int:
    """One kernel in flight for each core. A kernel hardly ever waits; more of them only wear out the caches."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def contents(folder: Path) -> str:
    """A digest of the files that decide an exercise's marks."""
    files = [folder / name for name in ("exercise.toml", "checks.py", "probes.py")]
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in files if f.exists())).hexdigest()
