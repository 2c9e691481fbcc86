"""An exercise's mutants, tried: which of them lose a point."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from grader.exercise.alarms import settle
from grader.exercise.catalog import Exercise
from grader.exercise.flaws import Flaw
from grader.exercise.solutions import Solution
from grader.exercise.variations.apart import AND_SECONDS, TIMES_THE_ORIGINAL, Fate, fate
from grader.exercise.variations.mutants import Equivalent, Key, Mutant, mutants, own_cells, reviewed

UNHARMED_SECONDS = 60.0   # CPU that a right solution may take
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Surviving:
    """A mutant that loses no point, though nobody has shown that it is right."""

    mutant: Mutant
    raised: tuple[str, ...]                # checks that it makes raise, so that the mark is withheld


@dataclass(frozen=True, kw_only=True)
class Mutated:
    """What became of an exercise's mutants."""

    exercise: str
    made: int
    killed: int
    equivalent: int                        # listed, and they lose nothing
    surviving: tuple[Surviving, ...]
    operators: Mapping[str, int]           # name -> mutants made
    flaws: tuple[Flaw, ...]                # of the list, or of a right solution

    @property
    def sound(self) -> bool:
        return not self.surviving and not self.flaws


class Workers:
    """Processes that have imported torch, and fork for each mutant."""

    def __init__(self, count: int) -> None:
        self.pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=settle)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def fates(self, folder: Path, seed: int, tried: Sequence[tuple[Sequence[str], float]]
              ) -> Iterator[tuple[int, Fate]]:
        """What becomes of each solution, of its cells and the CPU seconds it may have, as they are done."""
        waiting = {self.pool.submit(fate, folder, seed, tuple(sources), seconds): at
                   for at, (sources, seconds) in enumerate(tried)}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def mutated(exercise: Exercise, originals: Sequence[Solution], seed: int, workers: Workers,
            progress: Progress, fates: MutableMapping[int, Fate] | None = None) -> Mutated:
    """Make every mutant of these right solutions, and see which of them lose a point.

    Args:
        exercise: Whose mutants.
        originals: The right solutions.
        seed: Of the inputs.
        workers: Where they are tried.
        progress: Called after each.
        fates: Takes the fate of each, by its place among all; those that it holds are not tried again.

    Raises:
        ExerciseError: equivalent.toml is not as it must be.
    """
    names = {solution.path.name for solution in originals}
    listed = {one.key: one for one in reviewed(exercise).mutant if one.solution in names}
    flaws, allowed = _unharmed(exercise, originals, seed, workers)
    made = [mutant for solution in originals for mutant in mutants(exercise, solution)]
    fates = {} if fates is None else fates
    left = [at for at in range(len(made)) if at not in fates]
    tried = [(made[at].sources, allowed[made[at].solution]) for at in left]
    for one, found in workers.fates(exercise.folder, seed, tried):
        fates[left[one]] = found
        progress(len(fates), len(made), "mutants")
    alive = [(made[at], found) for at, found in sorted(fates.items()) if not found.noticed]
    right = {mutant.key for mutant, found in alive if not found.raised} & listed.keys()
    surviving = tuple(Surviving(mutant=mutant, raised=found.raised) for mutant, found in alive
                      if mutant.key not in right)
    flaws += _outdated([one for key, one in listed.items() if key not in right], {m.key for m in made})
    return Mutated(exercise=exercise.name, made=len(made), killed=len(made) - len(alive), flaws=tuple(flaws),
                   equivalent=len(alive) - len(surviving), surviving=surviving,
                   operators=Counter(mutant.operator for mutant in made))


def _unharmed(exercise: Exercise, originals: Sequence[Solution], seed: int, workers: Workers
              ) -> tuple[list[Flaw], dict[Solution, float]]:
    """Where right solutions lose points already, and the CPU time that the mutants of each may have."""
    flaws, allowed = [], {}
    tried = [(own_cells(exercise, solution)[0], UNHARMED_SECONDS) for solution in originals]
    for at, found in workers.fates(exercise.folder, seed, tried):
        allowed[originals[at]] = AND_SECONDS + TIMES_THE_ORIGINAL * found.seconds
        if found.noticed or found.raised:
            flaws.append(Flaw(cause="a right solution loses points as it is", example=found.ended,
                              names=(originals[at].path.name,), checks=(*found.lost, *found.raised),
                              mend=f"`grader validate {exercise.name}` says why"))
    return flaws, allowed


def _outdated(listed: Sequence[Equivalent], made: Collection[Key]) -> list[Flaw]:
    """Of the list: what does lose a point, or is not made any more."""
    return [Flaw(cause="equivalent.toml lists a mutant that "
                       + ("loses a point" if one.key in made else "is not made"),
                 example=f"{one.operator} in {one.solution}: {one.before} -> {one.after}",
                 mend="take it out of the list") for one in listed]
