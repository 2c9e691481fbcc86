"""One notebook, of which nothing is kept. Imports nothing that only a class needs: students wait for it."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from msgspec import structs

from grader import pipeline, records
from grader.execute import allocator
from grader.execute.sandbox import Sandbox
from grader.exercise import catalog, released
from grader.exercise.asked import about
from grader.exercise.catalog import Exercise, known, load
from grader.intake.handed import IntakeError
from grader.intake.reading import read_file, with_files
from grader.options import SEED_BITS, Options
from grader.pipeline import Conditions, Graded, device_of
from grader.report import alone


def leave_the_cores_to_kernels() -> None:
    """Judging is small sums, after each of which memory is wanted again."""
    torch.set_num_threads(1)
    allocator.keep_freed_memory()


def grade(notebook: Path, options: Options, sandbox: Sandbox, *,
          part: Callable[[Exercise], Exercise] = lambda whole: whole) -> Graded:
    """Grade one notebook, or by a part of its exercise; nothing is kept."""
    folders = known(options.exercises, options.exercise)
    submission = read_file(notebook, student=notebook.resolve().parent.name or "student",
                           relative=notebook.name, exercises=folders, default=options.exercise)
    if not notebook.exists():
        raise IntakeError(f"{notebook}: no such file")
    if not submission.exercise:
        raise IntakeError(f"{notebook}: cannot tell which exercise this is; say it with --exercise "
                          f"({', '.join(folders)})")
    submission = with_files(submission, notebook.absolute())
    exercise = load(folders[submission.exercise])
    for line in released.differing([submission], {exercise.name: exercise}):
        print(f"grader: {line}", file=sys.stderr)
    exercises = {exercise.name: part(exercise)}
    seed = options.seed if options.seed is not None else secrets.randbits(SEED_BITS)
    leave_the_cores_to_kernels()
    conditions = Conditions.drawn(exercises, seed=seed, sandbox=sandbox.name, device=device_of(sandbox.gpus),
                                  layers=sandbox.layers)
    return next(pipeline.grade([submission], conditions, sandbox, options))


def check(notebook: Path, options: Options, sandbox: Sandbox, functions: Sequence[str] = ()) -> Graded:
    """A student's own check of a notebook: the visible checks, of these functions if some are named, on
    their own machine, without a wall.

    A released notebook lies in its exercise's folder, beside the visible checks.
    """
    beside = notebook.resolve().parent
    if (beside / "exercise.toml").exists():
        options = replace(options, exercises=beside.parent, exercise=options.exercise or beside.name)
    if not notebook.exists() or not catalog.there(options.exercises):
        raise IntakeError(alone.told(notebook, options.language))

    def part(whole: Exercise) -> Exercise:  # nobody sees the figures, and they are half of a notebook's time
        return replace(about(whole.visible_part(), functions), figures=False)

    graded = grade(notebook, options, sandbox, part=part)
    made_by = structs.replace(graded.result.made_by, sandbox=records.OWN)
    return replace(graded, result=structs.replace(graded.result, made_by=made_by))


def exit_code(result: records.Result) -> int:
    """Of `grader grade`: 0 every check passed, 1 not all, 3 withheld."""
    if result.score is None:
        return 3
    return 0 if result.status is records.Status.GRADED and result.score == result.max_score else 1
