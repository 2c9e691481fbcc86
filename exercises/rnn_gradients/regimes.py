"""What `regime` says of many matrices, held against the spectral radius and what is taken for it."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from grader.spec import Diagnosis, Seen, derived, described, fail, the_one

from .matrices import TWINS, radius_of
from .misconceptions import SPELLED
from .reference import MISTAKEN_RADII, regime_of


def labels_of(seen: Seen) -> tuple[list[float], list[Any]]:
    """The spectral radii of the matrices, and what `regime` says of each."""
    weights, got = seen.given["weights"], seen.mapping().items("labels")
    if len(got) != len(weights):
        fail("`regime` did not answer once for each matrix.")
    return [radius_of(w) for w in weights], got


@derived
def own_rule(plain: Seen, twins: Seen) -> Mapping[float, str] | None:
    """What the student says of symmetric matrices of each radius, if it goes by the radius at all: one label
    for small ones, another for large ones, and at most one between; else None.

    With a tolerance or names of one's own, the rest can still be right.
    """
    pairs = sorted((radius, said) for seen in (plain, twins) for radius, said in zip(*labels_of(seen),
                   strict=True) if isinstance(said, str))
    groups = [label for label, _ in itertools.groupby(said for _, said in pairs)]
    if len(pairs) < len(plain.given["weights"]) + len(TWINS) or len(groups) not in (2, 3) or (
            len(set(groups)) != len(groups)):
        return None
    return {round(radius, 6): said for radius, said in pairs}


def expect_regimes(seen: Seen, rule: Mapping[float, str] | None = None,
                   otherwise: Sequence[tuple[Diagnosis, Sequence[Any]]] = ()) -> None:
    """The label of each matrix, or the one that the student's own rule has for its radius; where all labels
    are those of just one misconception, it is named."""
    radii, got = labels_of(seen)
    want = [regime_of(radius) for radius in radii]
    for radius, said, right in zip(radii, got, want, strict=True):
        seen.measure(f"matrix with spectral radius {radius:.3f}", described(said), repr(right))
    if got == want:
        return
    if rule and got == [rule.get(round(radius, 6)) for radius in radii]:
        seen.follows("regimes", "near-one")
        return
    weights = seen.given["weights"]
    mistaken = [(d, [regime_of(size(w)) for w in weights]) for d, size in MISTAKEN_RADII
                if len(set(map(described, got))) > 1]   # the same of all shows nothing
    if [said.strip().lower() if isinstance(said, str) else None for said in got] == want:
        otherwise = [(SPELLED, got)]
    at = next(i for i, said in enumerate(got) if said != want[i])
    fail(f"For a matrix with spectral radius {radii[at]:.3f}, `regime` gives {described(got[at])}; expected "
         f"{want[at]!r}.", the_one((d, got == labels) for d, labels in [*mistaken, *otherwise]))
