"""Variants of right solutions that mean the same: rewritten, in other cells, under another ambient state."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from grader.exercise.catalog import Exercise
from grader.exercise.inline import as_notebook
from grader.exercise.solutions import Solution
from grader.exercise.variations.mutants import own_cells
from grader.exercise.variations.rewrites import REWRITES
from grader.exercise.variations.surroundings import AMBIENT, EXTRA_CELLS
from grader.exercise.variations.trees import Chance

NEXT_CELL = "next_cell_begins_here"
MOST_REWRITES = 5


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One right solution in other words."""

    seed: int  # of its inputs, too
    solution: Solution
    rewrites: tuple[str, ...]  # those that changed something
    ambient: str
    sources: tuple[str, ...]  # its cells

    @property
    def name(self) -> str:
        return f"{self.solution.path.stem}-{self.seed}.py"

    @property
    def notebook(self) -> str:
        return as_notebook(list(self.sources))

    @property
    def text(self) -> str:
        """Its cells as one text, with how it came about."""
        head = [
            f"# {self.solution.path.name}, seed {self.seed}",
            f"# rewrites: {', '.join(self.rewrites) or 'none'}",
            f"# ambient state: {self.ambient or 'none'}",
        ]
        return "\n\n# %%\n".join(["\n".join(head), *self.sources]) + "\n"


def variant(exercise: Exercise, solution: Solution, number: int, seed: int) -> Variant:
    """A variant of a right solution. The same arguments, the same variant.

    Args:
        exercise: Whose solution.
        solution: Which.
        number: Of the solution's variant. Numbers that follow each other go through all rewrites and
            ambient states.
        seed: Of all that is drawn.
    """
    rng = random.Random(seed)
    sources, _ = own_cells(exercise, solution)
    context = [] if solution.path.suffix == ".ipynb" else sources[:-1]
    answer = sources if solution.path.suffix == ".ipynb" else sources[-1:]
    chance = Chance(
        rng=rng,
        asked=exercise.settings.functions,
        taken=set(re.findall(r"\w+", "\n".join((*sources, exercise.probes)))),
    )
    module = cst.parse_module(f"\n{NEXT_CELL}\n".join(answer))
    first, used = number % len(REWRITES), []
    more = set(rng.sample(range(len(REWRITES)), rng.randrange(MOST_REWRITES)))
    for at in sorted({first, *more}):
        made = REWRITES[at](module, chance)
        if made.code != module.code:
            compile(made.code, REWRITES[at].__name__, "exec", dont_inherit=True)
            module = made
            used.append(REWRITES[at].__name__.replace("_", "-"))
    ambient = AMBIENT[(number + number // len(REWRITES)) % len(AMBIENT)]  # each rewrite meets each in time
    cells = _laid_out(context, re.split(rf"^{NEXT_CELL}$\n?", module.code, flags=re.MULTILINE), ambient, rng)
    return Variant(
        seed=seed,
        solution=solution,
        rewrites=tuple(used),
        ambient=ambient,
        sources=tuple(cells),
    )


def _laid_out(context: list[str], answer: list[str], ambient: str, rng: random.Random) -> list[str]:
    """The cells in their order, with others among them; two of the answer may be one."""
    if len(answer) > 2 and rng.random() < 0.3:
        at = rng.randrange(len(answer) - 1)
        answer = [*answer[:at], f"{answer[at]}\n{answer[at + 1]}", *answer[at + 2 :]]
    cells = [*context, *answer]
    for _ in range(rng.randrange(4)):
        cells.insert(rng.randrange(len(cells) + 1), rng.choice(EXTRA_CELLS))
    if ambient:
        cells.insert(rng.randrange(len(cells) + 1), ambient)
    return cells


def variants(exercise: Exercise, originals: Sequence[Solution], count: int, seed: int) -> Iterator[Variant]:
    """`count` variants of each right solution."""
    return (numbered(exercise, originals, index, seed) for index in range(count * len(originals)))


def numbered(exercise: Exercise, originals: Sequence[Solution], index: int, seed: int) -> Variant:
    """The variant of this index in an endless list that goes round the right solutions."""
    number, at = divmod(index, len(originals))
    return variant(exercise, originals[at], number, seed + index)
