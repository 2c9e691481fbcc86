"""Naming a misconception: the one that the numbers fit, never a guess."""

from __future__ import annotations

from collections.abc import Iterable

from grader.spec.check import Diagnosis


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
