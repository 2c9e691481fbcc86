"""An exercise's proofs as the cases of somebody else's tests: one for each solution and each proof.

With pytest, for a course of one's own:

    import pytest
    from grader.exercise.testing import Proving, proofs

    @pytest.fixture(scope="session")
    def proving():
        with Proving("exercises") as opened:
            yield opened

    @pytest.mark.parametrize("proof", proofs("exercises"), ids=str)
    def test_exercise(proof, proving):
        assert proving.flaws(proof) == []
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch

from grader.execute.opening import open_sandbox
from grader.execute.pool import Work, observe_all
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.exercise.alarms import Alarms
from grader.exercise.catalog import Exercise, known, load
from grader.exercise.proofs import PROOFS
from grader.exercise.selection import KINDS, Choice, Wanted, choose
from grader.exercise.solutions import Solution, solutions
from grader.exercise.validate import Ran, reported, work
from grader.judge import Observed
from grader.wall import messages, wire

WHOLE = tuple(proof.name for proof in PROOFS if not proof.of_one_solution)


@dataclass(frozen=True, kw_only=True, order=True)
class Proof:
    """One thing to be proved: `he_init-wrong/lecun.py`, `he_init-alarms`."""

    exercise: str
    name: str                              # a solution by kind and file, `reference`, or a proof's name

    def __str__(self) -> str:
        return f"{self.exercise}-{self.name}"


def proofs(root: Path | str) -> list[Proof]:
    """All that is to be proved of the exercises below a folder, in order.

    Raises:
        ExerciseError: there is no exercise.
    """
    return [Proof(exercise=exercise, name=name) for exercise, folder in known(Path(root)).items()
            for name in (*WHOLE, "reference", *(f"{kind}/{path.name}" for kind in KINDS[1:]
                                                for path in sorted((folder / kind).glob("*.py"))))]


class Proving:
    """Makes proofs of the exercises below a folder, one at a time, behind one wall.

    Solutions that are asked for one after the other run side by side, two at a time.

    Args:
        root: The folder of exercises.
        sandbox: "bubblewrap", "process", or None for what `grader validate` takes.
        seed: Of the inputs.
        draws: Fresh seeds over which false alarms are counted.
    """

    def __init__(self, root: Path | str, *, sandbox: str | None = None, seed: int = 11,
                 draws: int = 20) -> None:
        self._folders, self._where, self._seed, self._draws = known(Path(root)), sandbox, seed, draws
        self._order = proofs(root)
        self._loaded: dict[str, Exercise] = {}
        self._choices: dict[Proof, Choice] = {}
        self._running: dict[Proof, Future[Observed]] = {}
        self._last = -1                    # place of the proof that was asked for last

    def __enter__(self) -> Proving:
        torch.set_num_threads(1)  # judging is small sums; the cores are for the kernels
        with ExitStack() as stack:
            self._sandbox = stack.enter_context(open_sandbox(self._where))
            self._alarms = stack.enter_context(Alarms(self._draws))
            self._threads = stack.enter_context(ThreadPoolExecutor(2))
            self._opened = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._opened.close()

    def flaws(self, proof: Proof) -> list[str]:
        """What is wrong, a line for each flaw and how to mend it; nothing where the proof holds.

        `killed` goes by the headers of the wrong solutions: that each of them fails as it says is a proof of
        its own, and is not run once more.

        Raises:
            ExerciseError: the exercise cannot be loaded, or has no such solution.
            SandboxUnavailable: the sandbox did not start.
        """
        exercise = self._exercise(proof.exercise)
        if proof.name == "killed":
            return _unnamed(exercise)
        if proof.name in WHOLE:
            wait(self._running.values())   # they leave torch alone, what runs in this process does not
            choice, observed = self._choice(proof), {}
        else:
            choice, observed = self._choice(proof), self._observed(proof)
        ran = Ran(seed=self._seed, isolated=True, observed=observed, stopped={})
        report = reported(choice, ran, self._alarms, progress=lambda _: None)
        return [f"{flaw.told}; to mend it: {flaw.mend}" for flaw in report.flaws]

    def _exercise(self, name: str) -> Exercise:
        if name not in self._loaded:
            self._loaded[name] = load(self._folders[name])
        return self._loaded[name]

    def _choice(self, proof: Proof) -> Choice:
        """What is asked of the exercise."""
        if proof not in self._choices:
            file = "notebook.ipynb" if proof.name == "reference" else proof.name
            wanted = (Wanted(only=(proof.name,), draws=self._draws) if proof.name in WHOLE
                      else Wanted(solutions=(file,), draws=0))
            (self._choices[proof],) = choose([self._exercise(proof.exercise)], wanted)
        return self._choices[proof]

    def _observed(self, proof: Proof) -> dict[Solution, Observed]:
        """What the solution brought. After the second in a row the next one is begun meanwhile."""
        place = self._order.index(proof)
        self._begin(proof)
        following = self._order[place + 1] if place + 1 < len(self._order) else None
        if following and place == self._last + 1 and following.exercise == proof.exercise:
            self._begin(following)
        self._last = place
        (solution,) = _solutions(self._choice(proof))
        return {solution: self._running.pop(proof).result()}

    def _begin(self, proof: Proof) -> None:
        if proof not in self._running:
            choice = self._choice(proof)
            jobs = list(work(choice.part, _solutions(choice), self._seed))
            self._running[proof] = self._threads.submit(_observe, self._sandbox, jobs)


def _solutions(choice: Choice) -> list[Solution]:
    return [solution for kind in KINDS for solution in choice.solutions[kind]]


def _observe(sandbox: Sandbox, jobs: Sequence[Work]) -> Observed:
    observed: dict[str, wire.Parcel[messages.Observations]] = {}
    for (_, world), answer in observe_all(sandbox, jobs, 1):
        if isinstance(answer, messages.NotStarted):
            raise SandboxUnavailable(f"the sandbox did not start: {answer.reason}")
        observed[world] = answer
    return observed


def _unnamed(exercise: Exercise) -> list[str]:
    """The checks that no wrong solution says it fails, of those that a machine without a GPU can look at."""
    named = {check for solution in solutions(exercise, "wrong") for check in solution.fails}
    return [f"{check.id}: no wrong solution fails it; to mend it: add a file to wrong/ that does"
            for check in exercise.checks if check.id not in named
            and not any(step.world.real_gpu for step in check.looks_at)]
