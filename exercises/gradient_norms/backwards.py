"""Several backwards, one after the other: also with a layer that takes no part, with gradients of exactly 0,
and with NaN."""

from __future__ import annotations

import functools
import math

import torch

from grader.spec import Seen, close, fail, the_one

from .misconceptions import ACCUMULATED, ADDED_UP, STALE
from .observed import RTOL, entries, explained, fits, l2_norms, of_gradients, off, recorded, tabulated
from .reference import gradients, l2, scaled_net, signal_gradients

KINDS = {"skipped": "In a backward in which a layer takes no part", "zero": "With gradients of exactly 0",
         "nan": "With NaN in the loss"}
SKIPPED = ("layers.1.weight", "layers.1.bias")


def expect_own_gradients(seen: Seen) -> None:
    """After the second of two backwards, the entries are of its gradients.

    Where the first backward's entries cannot be explained either, that is for `norms` to say.
    """
    p, x, y = (seen.given[name] for name in ("parameters", "x", "y"))
    first, second = gradients(scaled_net, p, x[0], y[0]), gradients(scaled_net, p, x[1], y[1])
    before, got, want = recorded(seen, "first"), entries(recorded(seen, "second")), l2_norms(second)
    if not (of_gradients(got, second) or explained(got, l2, p)
            or fits(got, l2, signal_gradients(p, x[1], y[1]), named=False)):
        stale = of_gradients(got, first) or (bool(before) and got == entries(before))
        tabulated(seen, "norm after the second backward", got, want)
        worst = next(iter(off(got, want) or got))
        if stale or not before or of_gradients(entries(before), first):
            expected = f"{want[worst]:.6g}, the norm of" if worst in want else "a norm of"
            fail(f"After the second backward the entry for `{worst}` is {got[worst]:.6g}; expected "
                 f"{expected} that backward's own gradient.", the_one([
                     (ACCUMULATED, of_gradients(got, {name: first[name] + second[name] for name in first})),
                     (STALE, stale),
                     (ADDED_UP, of_gradients(got, first, second))]))


def expect_odd_gradients_recorded(seen: Seen) -> None:
    """The entries are the norms of each backward's own gradients in all these cases.

    Asked where the first backward's entries are right: what is wrong with these is for other checks to say.
    """
    p, x, y = (seen.given[name] for name in ("parameters", "x", "y"))
    backwards = {kind: seen.mapping().mapping(kind) for kind in ("all", *KINDS)}
    if "raised" in backwards["all"]:
        fail(f"The backward raised {backwards['all'].text('raised')}; expected no error.")
    first = entries(recorded(seen.mapping().mapping("all")))
    right = gradients(scaled_net, p, x, y)
    if not fits(first, l2, right):
        return
    want = {"skipped": l2_norms(gradients(functools.partial(scaled_net, skipped=1), p, x, y)),
            "zero": l2_norms(gradients(scaled_net, p | {"gain": torch.zeros_like(p["gain"])}, x, y)),
            "nan": dict.fromkeys(right, math.nan)}
    for kind, told in KINDS.items():
        if "raised" in backwards[kind]:
            fail(f"{told}, the backward raised {backwards[kind].text('raised')}; expected no error.")
        got = entries(recorded(backwards[kind]))
        for name in first:
            if name in want[kind]:
                _expect(got.get(name), want[kind][name], told, name)
            elif name in SKIPPED and name in got and got[name] != first[name]:
                fail(f"{told}, the entry for its parameter `{name}` became {got[name]:.6g}; expected "
                     f"{first[name]:.6g} as before, or none.")


def _expect(got: float | None, want: float, told: str, name: str) -> None:
    if got is None:
        fail(f"{told}, there is no entry for `{name}`; expected {want:.6g}.")
    if not (close(got, want, RTOL) or (math.isnan(want) and not math.isfinite(got))):
        fail(f"{told}, the entry for `{name}` is {got:.6g}; expected {want:.6g}.")
