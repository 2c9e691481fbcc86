"""What `grader validate` is asked to prove: which proofs, of which checks, with which solutions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.proofs import PROOFS, Proof
from grader.exercise.solutions import Solution, reference, solutions

KINDS = ("reference", "right", "wrong")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for; nothing means all."""

    only: tuple[str, ...] = ()             # names of proofs
    checks: tuple[str, ...] = ()           # ids
    solutions: tuple[str, ...] = ()        # files of wrong/ and right/, or notebook.ipynb: paths or names

    draws: int = 1000                      # fresh seeds over which false alarms are counted

    def proofs(self) -> tuple[Proof, ...]:
        """The proofs that this leaves, in PROOFS' order.

        Raises:
            ExerciseError: there is no such proof, or it cannot be made of this.
        """
        unfit = {proof.name: why for proof in PROOFS if (why := self._unfit(proof))}
        for name in self.only:
            if name not in {proof.name for proof in PROOFS}:
                raise ExerciseError(f"there is no proof {name!r}; there are "
                                    f"{_listed(proof.name for proof in PROOFS)}")
            if name in unfit:
                raise ExerciseError(f"{name} {unfit[name]}")
        return tuple(proof for proof in PROOFS
                     if proof.name not in unfit and (not self.only or proof.name in self.only))

    def _unfit(self, proof: Proof) -> str:
        if self.solutions and not proof.of_one_solution:
            return "is not proved by one solution: leave --solution out"
        if self.checks and not proof.of_one_check:
            return "is not proved of one check: leave --check out"
        return "" if self.draws or proof.name != "alarms" else "needs fresh seeds: --draws 1 or more"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is to be proved of one exercise."""

    exercise: Exercise
    proofs: tuple[Proof, ...]
    checks: tuple[str, ...]                # ids, in the exercise's order
    solutions: Mapping[str, tuple[Solution, ...]]  # kind -> those to be run
    there: Mapping[str, int]               # kind -> how many there are

    @property
    def part(self) -> Exercise:
        """The exercise with the chosen checks and those they hang on."""
        needed = set(self.checks)
        for check in reversed(self.exercise.checks):
            if check.id in needed:
                needed |= {before.id for before in check.after}
        return self.exercise.part(tuple(check for check in self.exercise.checks if check.id in needed))


def choose(exercises: Sequence[Exercise], wanted: Wanted) -> list[Choice]:
    """What is to be proved of each exercise that has any of what is wanted.

    Raises:
        ExerciseError: nothing has a name that was asked for, or a header of a solution cannot be used.
    """
    proofs, ids = wanted.proofs(), [check.id for exercise in exercises for check in exercise.checks]
    for word in wanted.checks:
        if word not in ids:
            raise ExerciseError(f"there is no check {word!r}; there are {_listed(ids)}")
    there = [{"reference": [reference(exercise)], "right": solutions(exercise, "right"),
              "wrong": solutions(exercise, "wrong")} for exercise in exercises]
    files = [solution for kinds in there for kind in KINDS for solution in kinds[kind]]
    for word in wanted.solutions:
        if not any(_is(solution, word) for solution in files):
            raise ExerciseError(f"there is no solution {word!r}; there are "
                                f"{_listed(solution.path.name for solution in files)}")
    choices = [_choice(exercise, wanted, proofs, kinds)
               for exercise, kinds in zip(exercises, there, strict=True)]
    found = [choice for choice in choices if choice.proofs and choice.checks]
    if not found:
        raise ExerciseError("no exercise has all that was asked for together: leave one of --check, "
                            "--solution and --only out")
    return found


def _choice(exercise: Exercise, wanted: Wanted, proofs: Sequence[Proof],
            there: Mapping[str, Sequence[Solution]]) -> Choice:
    picked = {kind: tuple(s for s in there[kind] if not wanted.solutions
                          or any(_is(s, word) for word in wanted.solutions)) for kind in KINDS}
    asked = tuple(proof for proof in proofs
                  if not wanted.solutions or any(picked[kind] for kind in proof.needs))
    needed = {kind for proof in asked for kind in proof.needs}
    return Choice(exercise=exercise, proofs=asked,
                  checks=tuple(c.id for c in exercise.checks if not wanted.checks or c.id in wanted.checks),
                  solutions={kind: picked[kind] if kind in needed else () for kind in KINDS},
                  there={kind: len(there[kind]) for kind in KINDS})


def _is(solution: Solution, word: str) -> bool:
    """Is this what a path, a name or a name without `.py` means?"""
    path = solution.path
    return (word in (path.name, path.stem, f"{path.parent.name}/{path.name}")
            or Path(word).resolve() == path.resolve())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
