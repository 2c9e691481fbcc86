"""`grader validate --mutants` and `--styles`: which exercises, which solutions, one after the other."""

from __future__ import annotations

import importlib.util
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from grader.execute.pool import default_jobs
from grader.execute.sandbox import Sandbox
from grader.exercise.catalog import ExerciseError, known, load
from grader.exercise.selection import Wanted, choose
from grader.exercise.variations.mutation import Mutated, Workers, mutated
from grader.options import Options

if TYPE_CHECKING:
    from grader.exercise.variations.styling import Styled

EVERY = 50   # tries from one word of progress to the next


def tried(options: Options, name: str | None, files: Sequence[str], *, sandbox: Sandbox | None,
          styles: int | None, mutants: bool, progress: Callable[[str], None]) -> list[Mutated | Styled]:
    """Try what is made of the right solutions of one exercise or all.

    Args:
        options: Where the exercises are, the seed, and the number of kernels in flight.
        name: The exercise; None for all of them.
        files: Of these solutions only, paths or names; none means all.
        sandbox: Where variants run.
        styles: Variants of each solution; None: no variants.
        mutants: Their mutants, too?
        progress: Called with what is in hand.

    Raises:
        ExerciseError: an exercise, a solution or libcst is not there, or equivalent.toml cannot be used.
        SandboxUnavailable: the sandbox did not start.
    """
    if styles and importlib.util.find_spec("libcst") is None:
        raise ExerciseError("--styles needs libcst, which is not installed here: pip install libcst")
    folders = known(options.exercises, name)
    wanted = Wanted(only=("reference", "right"), solutions=tuple(files), draws=0)
    choices = choose([load(folders[n]) for n in ([name] if name else folders)], wanted)
    seed = options.seed if options.seed is not None else secrets.randbits(31)
    jobs = options.jobs or default_jobs()
    found: list[Mutated | Styled] = []
    with Workers(jobs) as workers:
        for choice in choices:
            exercise = choice.exercise
            originals = [*choice.solutions["reference"], *choice.solutions["right"]]

            def told(done: int, total: int, what: str, of: str = exercise.name) -> None:
                if done % EVERY == 0 or done == total:
                    progress(f"{of}: {done} of {total} {what}")
            if mutants:
                found.append(mutated(exercise, originals, seed, workers, told))
            if styles and sandbox:
                from grader.exercise.variations.styling import styled
                found.append(styled(exercise, originals, styles, seed, sandbox, jobs, told))
    return found
