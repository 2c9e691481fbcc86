"""The truncated normal law: where it ends, how wide it is, and what is drawn instead."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from grader.spec import HE, Draw, Seen, Shape, fail, follow, statistics, the_one

from .misconceptions import CLAMPED, NOT_TRUNCATED, SAME_DRAW, UNIFORM

EDGE = statistics.TRUNCATED_EDGE


def in_units(draws: Sequence[Draw]) -> Tensor:
    """All weights, in multiples of sqrt(2 / fan_in)."""
    return torch.cat([(draw.weights / math.sqrt(HE.variance(draw.shape))).flatten() for draw in draws])


def expect_no_pile(units: Tensor, *, false_alarm: float) -> None:
    """The bounds are no place where weights pile up."""
    farthest = float(units.abs().max())
    if not statistics.at_edge(units, farthest, within=1e-6, known=1, false_alarm=false_alarm).holds:
        on_edge = float((units.abs() >= farthest * (1 - 1e-6)).double().mean())
        fail(f"{on_edge:.2%} of the weights lie exactly on the two bounds, where none should.",
             # 4.55 % of a normal law lie beyond two standard deviations
             CLAMPED if 0.04 < on_edge < 0.05 else None)


def expect_cut(units: Tensor, *, false_alarm: float) -> None:
    """The weights end where the law does, and are spread like it up to there: three tests at this rate."""
    farthest, own = float(units.abs().max()), statistics.standardised(units)
    if not abs(farthest / EDGE - 1) <= max(1e-3, statistics.short_of_edge(units.numel(), false_alarm)):
        endless = statistics.law(own, statistics.normal_law).holds and statistics.kurtosis(own).holds
        even = statistics.law(own, statistics.uniform_law).holds
        fail(f"The largest weight is {farthest:.4g} times sqrt(2 / fan_in); the law ends at {EDGE:.4g}.",
             the_one([(NOT_TRUNCATED, endless), (UNIFORM, even)]))
    follows = statistics.law(own, statistics.truncated_law, false_alarm=false_alarm)
    if not follows.holds:
        fail("The weights do not follow the truncated normal law: their distribution function is off by up "
             f"to {follows.value:.3f}.")
    if not statistics.kurtosis_like(units, statistics.TRUNCATED_MOMENTS, false_alarm=false_alarm).holds:
        fail(f"The weights have kurtosis {statistics.moment_ratio(units, 4):.3g}; the truncated normal law "
             f"has {statistics.TRUNCATED_MOMENTS[0]:.3g}.")


def has_its_width(draws: Sequence[Draw], *, false_alarm: float) -> bool:
    """The variance is 2 / fan_in."""
    return follow(draws, HE, kurtosis=statistics.TRUNCATED_MOMENTS[0], false_alarm=false_alarm)


def expect_small_ones_cut(seen: Seen, shape: Shape, times: int, *, false_alarm: float) -> None:
    """Small weights keep to the bounds, each of them, and lie around zero."""
    weights = torch.cat(seen.mapping().tensors("filled", [shape] * times, "Weight"))
    units = weights / math.sqrt(HE.variance(shape))
    farthest = float(units.abs().max())
    if not farthest <= EDGE * (1 + 1e-5):   # float32
        fail(f"In a weight of shape {shape} the largest is {farthest:.4g} times sqrt(2 / fan_in); "
             f"expected at most {EDGE:.4g}.")
    if not statistics.mean(units, false_alarm=false_alarm).holds:
        fail(f"Weights of shape {shape} have mean {float(weights.mean()):.3g}; expected 0.")


def expect_all_apart(seen: Seen, shape: Shape, times: int) -> None:
    """No two of these weights hold the same numbers, which seeds from a small number of them would give."""
    weights = seen.mapping().tensors("filled", [shape] * times, "Weight")
    if len({tuple(weight.flatten().tolist()) for weight in weights}) < times:
        fail(f"Of {times} weights of shape {shape}, filled one after another, some hold exactly the same "
             "numbers.", SAME_DRAW)
