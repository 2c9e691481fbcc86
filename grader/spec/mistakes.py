"""Naming a misconception: the one that the numbers fit, never a guess."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from grader.spec.check import Diagnosis, Unmet


def the_one(fits: Iterable[tuple[Diagnosis, bool]]) -> Diagnosis | None:
    """The misconception that fits, if just one does.

    Args:
        fits: misconceptions, each with whether it fits; one may come several times.

    Returns:
        The only one that fits; None where none or several different ones do.
    """
    found = list(dict.fromkeys(diagnosis for diagnosis, holds in fits if holds))
    return found[0] if len(found) == 1 else None


def both(one: Diagnosis, other: Diagnosis) -> Diagnosis:
    """Two misconceptions at once, as one: of numbers that only the two together explain."""
    def joined(*texts: str) -> str:
        return " ".join(filter(None, texts))

    return Diagnosis(f"{one.id}+{other.id}", joined(one.meaning, other.meaning),
                     joined(one.advice, other.advice), one.read or other.read,
                     "|".join(filter(None, (one.pattern, other.pattern))))


def expect_each(*expectations: Callable[[], None]) -> None:
    """All of these hold, none of which depends on another: what fails is told together, so that one mistake
    hides no other.

    Raises:
        Unmet: one or more do not; with their misconceptions, as long as each that fails has one.
    """
    words = list[Unmet]()
    for expectation in expectations:
        try:
            expectation()
        except Unmet as word:
            words.append(word)
    if not words:
        return
    named = list(dict.fromkeys(word.diagnosis for word in words))
    known = [diagnosis for diagnosis in named if diagnosis is not None]
    diagnosis = functools.reduce(both, known) if len(known) == len(named) else None
    raise Unmet(" ".join(dict.fromkeys(word.message for word in words)), diagnosis, words[0].cause)
