"""Of which exercise a file is that does not say it: as others say of theirs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from grader.intake.claims import Claim
from grader.intake.telling import some

SHOWN = 5      # people in a note


def guessed(claims: Sequence[Claim], only: Collection[str],
            default: str | None) -> tuple[list[Claim], list[str]]:
    """The claims, each with an exercise where one can be told; and what the tutor should know of it."""
    guesses = _Guesses(claims, set(only))
    found = [claim if claim.exercise else replace(claim, exercise=default or guesses.of(claim.source))
             for claim in claims]
    said = {claim.handed.person.id for claim in claims if claim.exercise}
    by_one = defaultdict[str, set[str]](set)
    for old, new in zip(claims, found, strict=True):
        if not (old.exercise or default) and new.exercise not in only and guesses.every[new.exercise] == 1:
            by_one[new.exercise].add(old.handed.person.id)
    notes = []
    for exercise, people in sorted(by_one.items()):
        if those := sorted(people - said):
            notes.append(f"taken for {exercise}, which only one person's files say: {some(those, SHOWN)}; "
                         "--exercise or --only says it")
    return found, notes


class _Guesses:
    """What files say, by how many people. One person is no majority."""

    def __init__(self, claims: Sequence[Claim], only: Collection[str]) -> None:
        self.only = only
        saying = {(claim.source, claim.exercise, claim.handed.person.id) for claim in claims
                  if claim.look and claim.exercise}
        self.here = defaultdict[int, Counter[str]](Counter)
        for source, exercise, _ in saying:
            self.here[source][exercise] += 1
        self.every = Counter(exercise for exercise, _ in {each[1:] for each in saying})

    def of(self, source: int) -> str:
        """For what says nothing in a source; "" where nobody can tell."""
        here = _usual(self.here[source])
        if max(self.here[source].values(), default=0) > 1:
            return here.pop() if len(here) == 1 else ""
        everywhere = _usual(self.every)
        guess = here or everywhere
        if len(guess) == 1 and guess <= everywhere and guess <= set(self.only or guess):
            return guess.pop()
        return next(iter(self.only)) if len(self.only) == 1 else ""


def _usual(counts: Counter[str]) -> set[str]:
    """What several say; where nothing is said by several, all that is said."""
    least = min(2, max(counts.values(), default=0))
    return {exercise for exercise, count in counts.items() if count >= least}
