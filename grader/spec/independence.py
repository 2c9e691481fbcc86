"""Are the entries of a weight drawn independently of one another, and anew at each call?

`expect_independent` asks all of it at one stated rate. Measured rates: tests/spec/test_independence.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from grader.spec.check import Diagnosis, fail
from grader.spec.statistics import RATE, Score, chi_squared, flat, moment_ratio, quotient, standard_score

_SOME = 4096   # numbers are enough to see that they repeat; of so many draws in float32 less than 0.1 % do


def expect_independent(first: Tensor, second: Tensor, *, false_alarm: float = RATE) -> None:
    """Every entry of a weight is a draw of its own: rows, columns, neighbours and two calls are independent.

    Six tests at a sixth of the rate each (Bonferroni): `row_likeness` and `row_spread` of the rows and of the
    columns, `neighbours`, and `agreement` of the two calls. That numbers repeat (`distinct_share` up to 0.95)
    is beyond any rate.

    Args:
        first: a weight as a call filled it, (outputs, inputs, *kernel). Its mean and width are free.
        second: one of the same shape, as the next call filled it.
        false_alarm: for all six together.

    Raises:
        Unmet: they are not; a sentence says in what.
    """
    shape, share = tuple(first.shape), false_alarm / 6
    matrix = (first - first.mean()).flatten(1)
    for what, rows in (("rows", matrix), ("columns", matrix.mT)):
        overlap, closest = row_likeness(rows, false_alarm=share)
        _unless(closest, f"Two {what} of a weight of shape {shape} are all but the same, or opposite.")
        _unless(overlap, f"The {what} of a weight of shape {shape} are not drawn independently of one "
                         "another.")
        _unless(row_spread(rows, false_alarm=share),
                f"Some {what} of a weight of shape {shape} are much wider or narrower than others.")
    _unless(neighbours(first, false_alarm=share), f"Neighbours in a weight of shape {shape} are correlated.")
    _unless(agreement(first, second, false_alarm=share),
            f"Two draws of shape {shape} are correlated: they are not drawn anew.")
    distinct = distinct_share(first.flatten()[:_SOME])
    if not distinct > 0.95:
        fail(f"Only {distinct:.1%} of {_SOME} numbers in a weight of shape {shape} are different from one "
             "another.")


def _unless(score: Score, message: str) -> None:
    if not score.holds:
        fail(message)


def varies(calls: Sequence[Tensor]) -> bool:
    """No two calls gave the very same numbers; False for NaN.

    An entry that is drawn anew comes out the same with probability c, the sum of its values' squared
    probabilities: 1/2 for a fair coin, below 1e-7 for torch.randn and torch.rand in float32. All n entries of
    two calls do with c^n: for a coin one in a million at n = 20, for those laws less from n = 1 on.

    Args:
        calls: what each call gave, all of one shape.
    """
    return not any(bool(one.isnan().any()) for one in calls) and not any(
        torch.equal(a, b) for i, a in enumerate(calls) for b in calls[:i])


SEED_INSIDE = Diagnosis(
    "seed-inside", "A seed is set inside the function: what torch draws afterwards depends on that seed.",
    "Whatever the program draws after the call is no longer its own. Set seeds once, outside.",
    "torch.manual_seed", r"seed|Generator")


def sets_seed(after: Sequence[Tensor]) -> str:
    """What a function does to torch's random numbers, if it sets a seed: in words, or "".

    Whatever it draws, and how much, what comes after it hangs on the seed before it and on nothing else.

    Args:
        after: four numbers or more that torch drew after a call, with one seed set before the first and the
            second, and another before the third.
    """
    one, same, other = after
    if torch.equal(one, other):
        return "whatever seed was set before, torch draws the same numbers after it"
    return "" if torch.equal(one, same) else "with one seed set before, torch draws other numbers after it"


def repeats(matrix: Tensor) -> bool:
    """Some rows are exact copies of others. Draws in float32 never are, from two columns on.

    Args:
        matrix: (rows, columns).
    """
    return (len(torch.unique(matrix[:, 0])) < len(matrix)
            and len(torch.unique(matrix, dim=0)) < len(matrix))


def row_spread(matrix: Tensor, *, false_alarm: float = RATE) -> Score:
    """No row is wider or narrower than the others: the z of the most extreme row's chi-squared, limit for all
    rows.

    Where the entries' tails are heavier than normal, rows differ more, and z is taken down by as much.

    Args:
        matrix: (rows, columns), of mean 0.
    """
    rows, width = matrix.shape
    if min(rows, width) < 2:
        return standard_score(math.nan, false_alarm)
    x = matrix.detach().double()
    ratios = x.square().mean(dim=1) / x.square().mean()
    tails = max(1.0, (moment_ratio(x, 4) - 1) / 2)
    z = max((chi_squared(float(r), width) for r in (ratios.min(), ratios.max())), key=abs)
    return standard_score(z / math.sqrt(tails), false_alarm / rows)


def row_likeness(matrix: Tensor, *, false_alarm: float = RATE) -> tuple[Score, Score]:
    """The rows overlap as independent ones do, and no two point the same or opposite ways.

    First score: the squared cosines add up to pairs / width. For independent rows the cosines are pairwise
    independent with E[c^2] = 1 / w and Var[c^2] = 2 (w - 1) / (w^2 (w + 2)), so that mean and variance of the
    sum are exact; its skewness is 0.1 for 512 rows of 128, less for others, which at one in a million at most
    doubles the rate. Second: the largest |cosine|. P(|c| > x) <= 2 exp(-w x^2 / 2) in w dimensions (Ball
    1997, lemma 2.2), times the pairs. Each takes half of the false alarms.

    Args:
        matrix: (rows, columns), of mean 0.
    """
    rows, width = matrix.shape
    if min(rows, width) < 2:
        nothing = standard_score(math.nan, false_alarm / 2)
        return nothing, nothing
    directions = torch.nn.functional.normalize(matrix.detach().float(), dim=1)
    cosines = (directions @ directions.mT).fill_diagonal_(0.0)
    pairs = rows * (rows - 1) / 2
    spread = math.sqrt(pairs * 2 * (width - 1) / (width**2 * (width + 2)))
    overlap = float(cosines.square().sum(dtype=torch.float64)) / 2
    bound = math.sqrt(2 * math.log(4 * pairs / false_alarm) / width)
    return (standard_score((overlap - pairs / width) / spread, false_alarm / 2),
            Score(value=float(cosines.abs().max()), limit=min(bound, 1 - 1e-6), false_alarm=false_alarm / 2))


def agreement(first: Tensor, second: Tensor, *, false_alarm: float = RATE) -> Score:
    """Two samples of one size are uncorrelated, entry by entry. Fisher's z of the correlation (Fisher 1921).

    Args:
        first: any shape, five entries at least.
        second: as many entries.
    """
    x, y = flat(first), flat(second)
    if x.shape != y.shape or x.numel() < 5:
        return standard_score(math.nan, false_alarm)
    x, y = x - x.mean(), y - y.mean()
    r = quotient(float(x @ y), math.sqrt(float(x @ x) * float(y @ y)))
    z = math.atanh(r) * math.sqrt(x.numel() - 3) if abs(r) < 1 else r * math.inf
    return standard_score(z, false_alarm)


def neighbours(sample: Tensor, *, false_alarm: float = RATE) -> Score:
    """Entries that follow one another are uncorrelated: `agreement` of the sample with itself, one
    further on."""
    x = flat(sample)
    return agreement(x[:-1], x[1:], false_alarm=false_alarm)


def distinct_share(sample: Tensor) -> float:
    """Different values among all values: above 0.99 for draws in float32, of which there are 2^24 or so."""
    return quotient(float(torch.unique(sample).numel()), float(sample.numel()))
