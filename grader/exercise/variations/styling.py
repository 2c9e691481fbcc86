"""Right answers in other words, tried in a sandbox: which of them lose points."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.execute.pool import Work, observe_all
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.exercise.catalog import Exercise
from grader.exercise.flaws import Watched
from grader.exercise.solutions import Solution
from grader.exercise.variations.apart import UNPUNISHED
from grader.exercise.variations.mutation import Progress
from grader.exercise.variations.styles import Variant, variants
from grader.judge import Observed
from grader.records import Verdict
from grader.spec import Preparation
from grader.wall import messages, wire


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A variant of a right solution that loses points."""

    variant: Variant
    verdicts: tuple[Verdict, ...]          # those that do not pass


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
    judging, total = Watched(exercise), count * len(originals)
    lost, used, tried = list[Lost](), Counter[str](), 0
    made = variants(exercise, originals, count, seed)
    for variant, prepared, observed in _observed(exercise, made, sandbox, jobs):
        verdicts = judging.judge(observed, prepared).verdicts
        below = tuple(verdict for verdict in verdicts if verdict.mark not in UNPUNISHED)
        lost += [Lost(variant=variant, verdicts=below)] if below else []
        used.update((*variant.rewrites, variant.ambient))
        tried += 1
        progress(tried, total, "right answers in other words")
    return Styled(exercise=exercise.name, tried=tried, lost=tuple(lost), used=used,
                  folder=_kept(exercise.name, lost) if lost else None)


def _observed(exercise: Exercise, made: Iterator[Variant], sandbox: Sandbox, jobs: int
              ) -> Iterator[tuple[Variant, Preparation, Observed]]:
    """Each variant with its inputs and what was observed of it, as they are done."""
    under_way: dict[int, tuple[Variant, Preparation, dict[str, wire.Parcel[messages.Observations]]]] = {}

    def work() -> Iterator[Work]:
        for variant in made:
            prepared = exercise.prepare(variant.seed)
            under_way[variant.number] = variant, prepared, {}
            yield from exercise.jobs(variant.number, variant.notebook, prepared, seed=variant.seed)

    worlds = sum(not world.real_gpu for world in exercise.worlds)
    for (number, world), answer in observe_all(sandbox, work(), jobs):
        if isinstance(answer, messages.NotStarted):
            raise SandboxUnavailable(f"the sandbox did not start: {answer.reason}")
        observed = under_way[number][2]
        observed[world] = answer
        if len(observed) == worlds:
            variant, prepared, _ = under_way.pop(number)
            yield variant, prepared, observed


def _kept(exercise: str, lost: Sequence[Lost]) -> Path:
    """Where the texts of the variants that lost points are written."""
    folder = Path(tempfile.mkdtemp(prefix=f"grader-styles-{exercise}-"))
    for one in lost:
        said = "\n".join(f"# {v.id}: {v.mark.value}: {' '.join(v.message.split())}" for v in one.verdicts)
        (folder / one.variant.name).write_text(f"{said}\n{one.variant.text}", encoding="utf-8")
    return folder
