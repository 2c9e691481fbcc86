"""Weights drawn at random, held against the law that they should follow.

A `Draw` holds the weights that were drawn for one shape. `expect_law` compares several of them with a `Law`,
and where they differ it names the misconception whose law the weights follow, if just one's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import torch
from torch import Tensor

from grader import records
from grader.spec import statistics
from grader.spec.check import Diagnosis, fail
from grader.spec.expectations import described, tensor
from grader.spec.mistakes import the_one
from grader.spec.pictures import histogram
from grader.spec.scalings import Law, Scaling, Shape
from grader.spec.seen import Seen
from grader.spec.statistics import RATE


@dataclass(frozen=True, eq=False)
class Draw:
    """Weights that were drawn for a shape; several draws for one shape stand one below the other."""

    seen: Seen                   # the step they come from, whose report is told of them
    shape: Shape
    weights: Tensor              # (draws * shape[0], *shape[1:]), float64
    name: str = "Weights"        # at the beginning of a sentence
    label: str = "weights"       # in a table

    @cached_property
    def variance(self) -> float:
        """The mean squared distance from the weights' own mean."""
        return float(self.weights.var(correction=0))

    @property
    def freedom(self) -> int:
        return self.weights.numel() - 1

    def share_of(self, law: Law) -> float:
        """The variance as a multiple of the law's."""
        return self.variance / law.variance(self.shape)


def held(seen: Seen) -> list[Tensor]:
    """The weight that a call filled, as it was after each call: of the shape that was passed in, float64.

    Raises:
        Unmet: after a call the first argument is no tensor of this shape.
    """
    return [tensor(seen.argument(0, call=i), _given(seen).shape, "The weight that was passed in")
            for i in range(seen.step.times)]


def drawn(*steps: Seen, calls: int | None = None) -> list[Draw]:
    """For each step the weights that its calls filled, one below the other, with copies counted once.

    Args:
        calls: how many calls of each step; all of them where it is None.

    Raises:
        Unmet: after a call the first argument is no tensor of the shape it had.
    """
    return [Draw(seen, tuple(_given(seen).shape), apart(torch.cat(held(seen)[:calls]))) for seen in steps]


def _given(seen: Seen) -> Tensor:
    weight: Tensor = seen.given["0"]
    return weight


def apart(weight: Tensor) -> Tensor:
    """The weight with rows and columns that are copies of others counted once.

    Copies bring nothing new: counted as draws they would make chance look like a mistake in mean and
    variance. That they are copies is for `independence` to see.
    """
    rows = weight.flatten(1)
    if len(torch.unique(rows[:, 0])) == rows.shape[0] and len(torch.unique(rows[0])) == rows.shape[1]:
        return weight
    distinct: Tensor = torch.unique(rows, dim=0)
    columns: Tensor = torch.unique(distinct.mT, dim=0)
    return columns.mT


def expect_filled(seen: Seen, not_in_place: Diagnosis) -> None:
    """The call filled all of the weight passed in, kept its dtype, and returned it or nothing.

    At most one entry in a thousand may hold the number it held before: a filled one does by chance only.

    Args:
        not_in_place: named where a new weight was returned, and the one passed in left as it was.

    Raises:
        Unmet: it did not.
    """
    name, given = seen.step.function, _given(seen)
    shape = tuple(given.shape)
    for i, returned in enumerate(seen.values):
        weight = seen.argument(0, call=i)
        tensor(weight, shape, f"After `{name}` the weight that was passed in")
        if weight.dtype is not given.dtype:
            fail(f"The weight that was passed in had dtype {given.dtype} and has {weight.dtype} after "
                 f"`{name}`.")
        unfilled = float((weight == given).double().mean())
        if unfilled == 1:
            fail(f"The weight of shape {shape} holds the same numbers after `{name}` as before.",
                 not_in_place if isinstance(returned, Tensor) and returned.shape == weight.shape
                 and not identical(returned, weight) else None)
        if not unfilled <= 1e-3:
            fail(f"{unfilled:.1%} of the weight of shape {shape} was not filled by `{name}`.")
        if returned is not None and not (isinstance(returned, Tensor) and identical(returned, weight)):
            fail(f"`{name}` returned {described(returned)} that is not the weight it filled.")


def identical(a: Tensor, b: Tensor) -> bool:
    """The same shape and the same numbers, NaN where the other has NaN."""
    return a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())


# --- draws against laws --------------------------------------------------------------------------------

def follow(draws: Sequence[Draw], law: Law, *, kurtosis: float = 3.0, false_alarm: float = RATE) -> bool:
    """The weights have the variance of this law: each draw, and where there are several all of them together.

    Each of these tests is `statistics.variance_share`, at an equal share of the rate.

    Args:
        kurtosis: of the law the weights are drawn from; a normal one's is 3.
        false_alarm: the rate for all the tests together.
    """
    found = [(draw.share_of(law), draw.freedom) for draw in draws]
    total = sum(freedom for _, freedom in found)
    if len(found) > 1:
        found.append((sum(share * freedom for share, freedom in found) / total if total else math.nan, total))
    return all(statistics.variance_share(share, freedom, kurtosis=kurtosis,
                                         false_alarm=false_alarm / len(found)).holds
               for share, freedom in found)


def means_are(draws: Sequence[Draw], mean: Callable[[Shape], float], *, false_alarm: float = RATE) -> bool:
    """Each draw has this mean: `statistics.mean` at an equal share of `false_alarm`."""
    return all(statistics.mean(draw.weights, mean(draw.shape), false_alarm=false_alarm / len(draws)).holds
               for draw in draws)


def fits(draws: Sequence[Draw], law: Law) -> bool:
    """The weights could come from this law: variance and, where it has one, mean. Each at `RATE`."""
    return follow(draws, law) and (law.mean is None or means_are(draws, law.mean))


Told = tuple[str, Diagnosis | None]   # a sentence to go on with, " " before it, and what is named


def correspondence(draws: Sequence[Draw], mistakes: Iterable[Scaling]) -> Told:
    """What the weights correspond to, if just one thing.

    Returns:
        A sentence to go on with, which quotes the law's formula (" It fits 1 / fan_in."), and the
        misconception; "" and None where none fits or several do.
    """
    fitting = [(diagnosis, law) for diagnosis, law in mistakes if fits(draws, law)]
    named = the_one((diagnosis, True) for diagnosis, _ in fitting)
    formula = fitting[0][1].formula if named else ""
    return f" It fits {formula}." if formula else "", named


def expect_law(draws: Sequence[Draw], law: Law, *, mistakes: Iterable[Scaling] = (),
               told: Callable[[], Told] | None = None) -> None:
    """The weights have the variance of this law; the report gets a row for each draw, and a picture.

    Args:
        draws: of different shapes, so that laws that agree on one are told apart on another.
        mistakes: misconceptions to be named, with the laws they lead to.
        told: asked in their place, where the weights do not have it.

    Raises:
        Unmet: they have not; once in a million judgings (`RATE`) a normal law with this variance is refused.
    """
    holds = follow(draws, law)
    for draw in draws:
        measure_variance(draw, law, "" if holds else f"{times(draw.share_of(law))} what is expected")
    draws[0].seen.draw(bell(draws[0] if holds else farthest(draws, law), law))
    if not holds:
        fail_law(draws, law, told() if told else correspondence(draws, mistakes))


def measure_variance(draw: Draw, law: Law, meaning: str = "") -> None:
    """Put the draw's variance beside the law's into the report's table."""
    draw.seen.measure(f"variance of {draw.label} {draw.shape}", f"{draw.variance:.3g}",
                      law.worked_out(draw.shape), meaning)


def fail_law(draws: Sequence[Draw], law: Law, told: Told = ("", None)) -> NoReturn:
    """Fail: say which weights are farthest from the law, and what they correspond to.

    Args:
        told: a sentence to go on with and the misconception, as `correspondence` gives them.

    Raises:
        Unmet: always.
    """
    (fitting, named), worst = told, farthest(draws, law)
    expected = f"{law.formula} = {law.variance(worst.shape):.3g}"
    fail(f"{worst.name} of shape {worst.shape} have variance {worst.variance:.3g}, "
         f"{times(worst.share_of(law))} the expected {expected}.{fitting}", named)


def farthest(draws: Sequence[Draw], law: Law) -> Draw:
    """The draw whose variance is farthest from the law's."""
    return max(draws, key=lambda draw: off_by(draw.share_of(law)))


def off_by(ratio: float) -> float:
    """How far a ratio is from 1, where twice and half are equally far; what is no ratio is farthest."""
    return abs(math.log(ratio)) if 0 < ratio < math.inf else math.inf


def times(ratio: float) -> str:
    """A ratio in words: "half", "twice", "0.78 times"."""
    return next((word for word, share in (("half", 0.5), ("twice", 2.0)) if abs(ratio / share - 1) < 0.03),
                f"{ratio:.3g} times")


def bell(draw: Draw, law: Law, *, own_width: bool = False) -> records.Histogram:
    """A picture of one call's weights beside the density of N(0, 1).

    Args:
        law: its standard deviation is the unit.
        own_width: the weights' own standard deviation is, where it is not 0.
    """
    own = own_width and draw.variance != 0
    x = draw.weights[:draw.shape[0]] / math.sqrt(draw.variance if own else law.variance(draw.shape))
    unit = "its own standard deviation" if own else f"sqrt({law.formula})"
    return histogram(f"Your weights of shape {draw.shape}, and the law they should follow",
                     f"How weight / {unit} is spread. A bell of width 1 around 0 is expected; yours is "
                     f"{math.sqrt(float(x.var(correction=0))):.3g} wide around {float(x.mean()):.3g}.",
                     values=x, reach=4.5, x_label=f"weight / {unit}",
                     density=lambda t: torch.exp(-t * t / 2) / math.sqrt(2 * math.pi))


def cut_bell(units: Tensor, law: Law) -> records.Histogram:
    """A picture of truncated weights, in multiples of the law's standard deviation, beside the density of the
    normal law cut off at two standard deviations."""
    unit, edge = f"sqrt({law.formula})", statistics.TRUNCATED_EDGE
    return histogram("Your truncated weights, and the law they should follow",
                     f"How the truncated weights are spread, in units of {unit}; they should end at "
                     f"{edge:.2f} on both sides, and reach {float(units.abs().max()):.3g}.",
                     values=units, reach=4.5, x_label=f"weight / {unit}",
                     density=statistics.truncated_density)
