"""A student's own earlier results, where a later promise needs one: a mistake is paid for once."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from grader.spec import (
    HE,
    MEAN_FOR_STD,
    RATE,
    SEED_INSIDE,
    VARIANCE_AS_STD,
    Diagnosis,
    Draw,
    Seen,
    apart,
    described,
    fail,
    fans,
    follow,
    identical,
    same,
    sets_seed,
    statistics,
    tensor,
    the_one,
)

from .misconceptions import OLD_NUMBERS, SLOPES


def brought(seen: Seen) -> list[Tensor]:
    """What each call brought, float64: the rows of the weight that it filled, or else what it returned."""
    given, name = seen.given["0"].double(), seen.step.function
    shape, found = tuple(given.shape), []
    for i, returned in enumerate(seen.values):
        weight = tensor(seen.argument(0, call=i), shape, "The weight that was passed in")
        if identical(weight, given):
            if not isinstance(returned, Tensor) or returned.shape != given.shape:
                fail(f"`{name}` left the weight of shape {shape} as it was and returned none: there is "
                     "nothing to look at.")
            weight = returned.double()
            seen.follows("fills-in-place")
        new = (weight != given).flatten(1).any(dim=1)
        if not bool(new.all()):
            seen.follows("fills-in-place")
        if not bool(new.any()):
            fail(f"`{name}` left the weight of shape {shape} as it was: there is nothing to look at.")
        found.append(weight[new])
    return found


def draws_of(*steps: Seen, calls: int | None = None) -> list[Draw]:
    """For each step what its calls brought, one below the other, with copies counted once.

    Args:
        calls: how many calls of each step; all of them where it is None.
    """
    return [Draw(seen, tuple(seen.given["0"].shape), apart(torch.cat(brought(seen)[:calls])))
            for seen in steps]


def in_turn(seen: Seen, slope: float = 0.0) -> list[Draw]:
    """Of the weights that were filled one after another, those with this slope."""
    shapes, slopes = seen.given["shapes"], seen.given["slopes"]
    found = seen.mapping().tensors("filled", shapes, "Weight")
    return [Draw(seen, tuple(shape), apart(weight), "Weights filled one after another",
                 "weights filled one after another")
            for shape, weight, with_ in zip(shapes, found, slopes, strict=True)
            if with_ == slope and bool(weight.isfinite().all())]


def expect_counts(refused: Seen) -> None:
    """`fan_in` counts right where later promises ask it, and refuses what has too few dimensions."""
    for shape, count in zip(map(tuple, refused.given["shapes"]), refused.mapping().items("counts"),
                            strict=False):
        if not isinstance(count, int | float) or count != fans(shape)[0]:
            fail(f"`fan_in` of a weight of shape {shape} is {described(count)}; each of its units adds up "
                 f"{fans(shape)[0]} inputs.")
    for name, what in (("vector", "one dimension"), ("scalar", "no dimensions")):
        answer = refused.mapping().mapping(name)
        if answer.get("value_error") is not True:
            told = answer.get(did := "raised" if "raised" in answer else "returned")
            shown = told[:80] if isinstance(told, str) else described(told)
            fail(f"`fan_in` of a tensor with {what} {did} {shown}; it should raise ValueError.")


def by_own_count(draws: Sequence[Draw], counted: Seen) -> list[Draw]:
    """The draws scaled as if the student's `fan_in` counted right; none where it does, or counts nothing."""
    own = dict(zip(map(tuple, counted.given["shapes"]), counted.mapping().items("counts"), strict=False))
    counts = [count for draw in draws if isinstance(count := own.get(draw.shape), int | float)
              and 0 < count < math.inf]
    if len(counts) < len(draws) or counts == [fans(draw.shape)[0] for draw in draws]:
        return []
    return [Draw(draw.seen, draw.shape, draw.weights * math.sqrt(count / fans(draw.shape)[0]), draw.name,
                 draw.label) for draw, count in zip(draws, counts, strict=True)]


def holds_for_own_count(draws: Sequence[Draw], own: Sequence[Draw], *, kurtosis: float = 3.0) -> bool:
    """The variance is 2 / fan_in for what the student's own `fan_in` counts; the report says so."""
    if not own or not follow(own, HE, kurtosis=kurtosis):
        return False
    for draw, one in zip(draws, own, strict=True):
        count = fans(draw.shape)[0] * one.share_of(HE) / draw.share_of(HE)
        draw.seen.follows("fan-in")
        draw.seen.measure(f"variance of {draw.label} {draw.shape}", f"{draw.variance:.3g}",
                          f"2 / {count:.0f} = {2 / count:.3g}", "with the fan_in that your `fan_in` counts")
    return True


def expect_no_seed(seen: Seen, name: str = "after", unless: Seen | None = None) -> None:
    """The function sets no seed.

    Args:
        name: of the part that holds what torch drew after three calls.
        unless: another function's step: what that one does is its own fault.
    """
    found = sets_seed(seen.mapping().tensors(name, [(4,)] * 3))
    if found and unless and sets_seed(unless.mapping().tensors("after", [(4,)] * 3)):
        seen.follows("independent")
    elif found:
        fail(f"`{', '.join(seen.step.uses)}` sets a seed: {found}.", SEED_INSIDE)


def expect_no_old_numbers(seen: Seen, shapes: Sequence[Sequence[int]]) -> None:
    """Weights that held NaN hold numbers now."""
    for weight in seen.mapping().tensors("filled", shapes, "Weight"):
        if not bool(weight.isfinite().all()):
            fail(f"A weight of shape {tuple(weight.shape)} that held nan before holds "
                 f"{int((~weight.isfinite()).sum())} numbers that are not finite; expected 0.", OLD_NUMBERS)


def expect_no_default(seen: Seen) -> None:
    """Without a slope the weights are those of slope 0, where one seed gives the same weights again."""
    found = [seen.mapping().tensors(name, [(8, 6)] * 2, "Weight") for name in ("with_0", "without")]
    (zero, again), (default, once_more) = ([weight.double() for weight in pair] for pair in found)
    if not torch.equal(zero, again) or not torch.equal(default, once_more):
        return
    ratio = float(default.norm() / zero.norm())
    # float32: draws from one seed are the same but for their width, which is right to some 1e-7
    if same(default, ratio * zero, 1e-6) and abs(ratio - 1) > 1e-5:
        fail(f"Without a slope the weights are {ratio:.4g} times as large as with negative_slope=0.0, from "
             "the same seed; expected the same ones.")


def off_without(without: Draw, sloping: Draw, known: Diagnosis | None, shrinks: float) -> bool:
    """Is what is off with a slope off without one, and the slope right?"""
    if follow([Draw(sloping.seen, sloping.shape, sloping.weights / math.sqrt(shrinks))], HE):
        return True
    if known is VARIANCE_AS_STD:
        return statistics.variance_ratio(sloping.weights, without.weights, shrinks**2).holds
    if known is MEAN_FOR_STD:   # then the width is 1, and the slope in the mean
        error = math.sqrt(1 / without.weights.numel() + 1 / sloping.weights.numel())
        carried_mean = float(without.weights.mean()) * math.sqrt(shrinks)
        return abs(float(sloping.weights.mean()) - carried_mean) <= statistics.limit(RATE) * error
    return False


def expect_slope(slope: float, without: Draw, sloping: Draw, known: Diagnosis | None, *,
                 false_alarm: float) -> None:
    """With this slope the variance is 1 + slope² times smaller than without.

    Args:
        known: the misconception that shows without a slope: it may be carried through.
    """
    shrinks, square = 1 / (1 + slope**2), f"{slope}²" if slope > 0 else f"({slope})²"
    ratio = sloping.variance / without.variance if without.variance else math.nan
    sloping.seen.measure(f"variance with slope {slope} / variance without", f"{ratio:.3g}",
                         f"1 / (1 + {square}) = {shrinks:.3g}")
    if statistics.variance_ratio(sloping.weights, without.weights, shrinks, false_alarm=false_alarm).holds:
        return
    if off_without(without, sloping, known, shrinks):
        sloping.seen.follows("mean", "variance")
        return
    named = the_one((d, statistics.variance_ratio(sloping.weights, without.weights, wrong(slope)).holds)
                    for d, wrong in SLOPES.items())
    fail(f"With negative_slope={slope} the variance is {ratio:.3g} times that without; expected 1 / (1 + "
         f"{square}) = {shrinks:.3g}.", named)
