"""Right answers in other words, tried in a sandbox: which of them lose points."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from grader.execute.pool import Work, observe_all
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.exercise.catalog import Exercise
from grader.exercise.flaws import Watched
from grader.exercise.solutions import Solution
from grader.exercise.variations.apart import UNPUNISHED
from grader.exercise.variations.mutation import Progress
from grader.exercise.variations.styles import Variant, variants
from grader.records import Verdict
from grader.spec import Preparation
from grader.wall import messages, wire


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A variant of a right solution that loses points."""

    variant: Variant
    verdicts: tuple[Verdict, ...]          # those that do not pass

    @property
    def text(self) -> str:
        """The variant's, with what it lost above it."""
        said = "\n".join(f"# {v.id}: {v.mark.value}: {' '.join(v.message.split())}" for v in self.verdicts)
        return f"{said}\n{self.variant.text}"


class Trial(NamedTuple):
    """A notebook to be tried."""

    number: int
    notebook: str
    seed: int                              # of its inputs


@dataclass(frozen=True, kw_only=True)
class Styled:
    """What became of the variants of an exercise's right solutions."""

    exercise: str
    tried: int
    lost: tuple[Lost, ...]
    used: Mapping[str, int]                # rewrite, or ambient state -> variants with it
    folder: Path | None                    # where the texts of those that lost lie

    @property
    def sound(self) -> bool:
        return not self.lost


def styled(exercise: Exercise, originals: Sequence[Solution], count: int, seed: int, sandbox: Sandbox,
           jobs: int, progress: Progress) -> Styled:
    """Try `count` variants of each right solution; each has inputs of its own.

    Raises:
        SandboxUnavailable: the sandbox did not start.
    """
    lost, used, tried = list[Lost](), Counter[str](), 0
    made = variants(exercise, originals, count, seed)
    for _, variant, verdicts in each_tried(exercise, enumerate(made), sandbox, jobs):
        lost += [Lost(variant=variant, verdicts=verdicts)] if verdicts else []
        used.update((*variant.rewrites, variant.ambient))
        tried += 1
        progress(tried, count * len(originals), "right answers in other words")
    return Styled(exercise=exercise.name, tried=tried, lost=tuple(lost), used=used,
                  folder=_kept(exercise.name, lost) if lost else None)


def each_tried(exercise: Exercise, made: Iterable[tuple[int, Variant]], sandbox: Sandbox, jobs: int
               ) -> Iterator[tuple[int, Variant, tuple[Verdict, ...]]]:
    """The number of each variant, itself, and those of its verdicts that do not pass, as they are done.

    Raises:
        SandboxUnavailable: the sandbox did not start.
    """
    under_way: dict[int, Variant] = {}

    def trials() -> Iterator[Trial]:
        for number, variant in made:
            under_way[number] = variant
            yield Trial(number, variant.notebook, variant.seed)

    for number, verdicts in judged(exercise, trials(), sandbox, jobs):
        below = tuple(verdict for verdict in verdicts if verdict.mark not in UNPUNISHED)
        yield number, under_way.pop(number), below


def judged(exercise: Exercise, trials: Iterable[Trial], sandbox: Sandbox, jobs: int
           ) -> Iterator[tuple[int, tuple[Verdict, ...]]]:
    """The number of each notebook and its verdicts, as they are done.

    Raises:
        SandboxUnavailable: the sandbox did not start.
    """
    under_way: dict[int, tuple[Preparation, dict[str, wire.Parcel[messages.Observations]]]] = {}

    def work() -> Iterator[Work]:
        for trial in trials:
            prepared = exercise.prepare(trial.seed)
            under_way[trial.number] = prepared, {}
            yield from exercise.jobs(trial.number, trial.notebook, prepared)

    watched, worlds = Watched(exercise), sum(not world.real_gpu for world in exercise.worlds)
    for (number, world), answer in observe_all(sandbox, work(), jobs):
        if isinstance(answer, messages.NotStarted):
            raise SandboxUnavailable(f"the sandbox did not start: {answer.reason}")
        prepared, observed = under_way[number]
        observed[world] = answer
        if len(observed) == worlds:
            del under_way[number]
            yield number, watched.judge(observed, prepared).verdicts


def _kept(exercise: str, lost: Sequence[Lost]) -> Path:
    """Where the texts of the variants that lost points are written."""
    folder = Path(tempfile.mkdtemp(prefix=f"grader-styles-{exercise}-"))
    for one in lost:
        (folder / one.variant.name).write_text(one.text, encoding="utf-8")
    return folder
