"""What `grader validate --styles` and `--mutants` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from grader.exercise.variations.mutants import entry
from grader.exercise.variations.mutation import Mutated

if TYPE_CHECKING:
    from grader.exercise.variations.styling import Styled


def show(found: Sequence[Mutated | Styled]) -> None:
    """Every survivor and every loss, then a line for each exercise."""
    console = Console()
    for one in found:
        for line in _of_mutants(one) if isinstance(one, Mutated) else _of_styles(one):
            console.print(Text(line), soft_wrap=True)
    for one in found:
        console.print(Text(_summary(one)), soft_wrap=True)


def _of_mutants(one: Mutated) -> Iterator[str]:
    for survivor in one.surviving:
        mutant = survivor.mutant
        withheld = f": {', '.join(survivor.raised)} raised, the mark is withheld" if survivor.raised else ""
        yield f"{one.exercise}: {mutant.operator} in {mutant.solution.path.name} loses no point{withheld}"
        yield from (f"    {line}" for line in mutant.diff.splitlines())
        yield "  let a check notice it; if it is right all the same, this is for equivalent.toml:"
        yield from (f"    {line}" for line in entry(mutant).splitlines())
        yield ""
    for flaw in one.flaws:
        said = ": ".join(filter(None, (flaw.cause, flaw.example, ", ".join((*flaw.names, *flaw.checks)))))
        yield f"{one.exercise}: {said}"
        yield f"      to mend it: {flaw.mend}"


def _of_styles(one: Styled) -> Iterator[str]:
    for lost in one.lost:
        variant, first = lost.variant, lost.verdicts[0]
        yield (f"{one.exercise}: {variant.solution.path.name} in other words loses "
               f"{', '.join(verdict.id for verdict in lost.verdicts)}")
        yield f"    {first.id}: {' '.join(first.message.split())}"
        yield f"    rewrites: {', '.join(variant.rewrites) or 'none'}"
        yield f"    ambient state: {variant.ambient or 'none'}"
        yield f"    its text: {one.folder}/{variant.name}"
    losses = Counter(word for lost in one.lost for word in (*lost.variant.rewrites, lost.variant.ambient))
    always = [(word, count) for word, count in losses.items() if word and count == one.used[word] > 1]
    yield from (f"{one.exercise}: all {count} with `{word}` lost points" for word, count in always)


def _summary(one: Mutated | Styled) -> str:
    if not isinstance(one, Mutated):
        return f"{one.exercise}: {one.tried} right answers in other words, {len(one.lost)} lost points"
    left = one.made - one.equivalent
    share = f", {one.killed / left:.1%} of those not shown equivalent" if left else ""
    return (f"{one.exercise}: {one.made} mutants, {one.killed} lose a point{share}; {one.equivalent} "
            f"equivalent, {len(one.surviving)} to mend or to argue")
