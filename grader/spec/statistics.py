"""Calibrated tests of numbers drawn at random. Each states how often it rejects numbers that are right.

A test returns a `Score`: how far the statistic lies from what is expected, how far it may lie, and the rate
of false alarms at which that limit stands. A check that makes several tests shares its rate among them
(Bonferroni): `variance(sample, 0.5, false_alarm=RATE / 3)`. Pure torch and math, float64, no I/O, and total:
any tensor may come in, empty, constant or not finite, and what cannot be measured is NaN, which never holds.
Measured rates: tests/test_statistics.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from torch import Tensor

RATE = 1e-6  # of false alarms, for a whole check (DESIGN.md, section 9)


@dataclass(frozen=True, kw_only=True)
class Score:
    """How far a statistic lies from its expectation. In standard deviations where the test does not say
    otherwise."""

    value: float
    limit: float
    false_alarm: float

    @property
    def holds(self) -> bool:
        """Within the limit; False for NaN."""
        return abs(self.value) <= self.limit


def limit(false_alarm: float) -> float:
    """The z with P(|N(0, 1)| > z) = false_alarm."""
    return -_normal_quantile(false_alarm / 2)


def _normal_quantile(p: float) -> float:
    return float(torch.special.ndtri(torch.tensor(p, dtype=torch.float64)))


def _z(value: float, false_alarm: float) -> Score:
    return Score(value=value, limit=limit(false_alarm), false_alarm=false_alarm)


def _flat(sample: Tensor) -> Tensor:
    return sample.detach().double().flatten()


def _ratio(above: float, below: float) -> float:
    """above / below; NaN where that is no number."""
    return above / below if below and math.isfinite(below) else math.nan


# --- one sample: where it lies, how wide it is ---------------------------------------------------------


def mean(sample: Tensor, expected: float = 0.0, *, false_alarm: float = RATE) -> Score:
    """The mean is `expected`, by the sample's own spread, whatever that is. Student's t, normal from n = 1000
    on."""
    x = _flat(sample)
    if x.numel() < 2:
        return _z(math.nan, false_alarm)
    return _z(_ratio(float(x.mean()) - expected, float(x.std()) / math.sqrt(x.numel())), false_alarm)


def variance(sample: Tensor, expected: float, *, about: float | None = None, kurtosis: float = 3.0,
             false_alarm: float = RATE) -> Score:
    """The variance is `expected`, about the sample's own mean or about a given one.

    n * s^2 / expected is chi-squared for a normal law; its cube root is nearly normal (Wilson & Hilferty
    1931). Another law is taken in through its kurtosis, which sets the degrees of freedom: Var[s^2] =
    (kurtosis - 1) sigma^4 / n.
    """
    x = _flat(sample)
    freedom = x.numel() if about is not None else x.numel() - 1
    if freedom < 1:
        return _z(math.nan, false_alarm)
    centre = float(x.mean()) if about is None else about
    found = float((x - centre).square().sum()) / freedom
    return variance_share(_ratio(found, expected), freedom, kurtosis=kurtosis, false_alarm=false_alarm)


def variance_share(share: float, freedom: float, *, kurtosis: float = 3.0,
                   false_alarm: float = RATE) -> Score:
    """`variance` for what has been measured: the variance found over the expected one, and degrees of
    freedom."""
    return _z(_cube_root(share, 2 * freedom / (kurtosis - 1)) if freedom > 0 else math.nan, false_alarm)


def _cube_root(ratio: float, freedom: float) -> float:
    """The z of a chi-squared variable over its degrees of freedom."""
    if not ratio >= 0:
        return math.nan
    spread = 2 / (9 * freedom)
    return (math.cbrt(ratio) - (1 - spread)) / math.sqrt(spread)


def variance_ratio(first: Tensor, second: Tensor, expected: float, *, false_alarm: float = RATE) -> Score:
    """Var[first] / Var[second] is `expected`, for normal laws: the logarithm has variance 2 / n1 + 2 / n2."""
    x, y = _flat(first), _flat(second)
    if min(x.numel(), y.numel()) < 2:
        return _z(math.nan, false_alarm)
    found = _ratio(float(x.var()), float(y.var())) / expected
    if not found > 0:
        return _z(math.nan, false_alarm)
    return _z(math.log(found) / math.sqrt(2 / (x.numel() - 1) + 2 / (y.numel() - 1)), false_alarm)


# --- one sample: its shape -----------------------------------------------------------------------------


def moment_ratio(sample: Tensor, order: Literal[3, 4]) -> float:
    """E[(x - mean)^order] / sd^order: the skewness for 3, the kurtosis for 4. Dot products, since `pow` is
    slow."""
    x = _flat(sample)
    n = max(x.numel(), 1)
    x = x - x.mean()
    squares = x * x
    return _ratio(float((x if order == 3 else squares) @ squares) / n,
                  (float(squares.sum()) / n) ** (order / 2))


def skewness(sample: Tensor, *, false_alarm: float = RATE) -> Score:
    """The skewness is a normal law's 0. Exact variance (Fisher 1930); its law is near normal for n > 5000."""
    n = sample.numel()
    if n < 8:
        return _z(math.nan, false_alarm)
    return _z(moment_ratio(sample, 3) / math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3))), false_alarm)


def kurtosis(sample: Tensor, *, false_alarm: float = RATE) -> Score:
    """The kurtosis is a normal law's 3. Made normal as in Anscombe & Glynn 1983, since its own
    law is skewed."""
    n = sample.numel()
    if n < 20:
        return _z(math.nan, false_alarm)
    expected = 3 * (n - 1) / (n + 1)
    spread = math.sqrt(24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5)))
    x = (moment_ratio(sample, 4) - expected) / spread
    beta = 6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * math.sqrt(6 * (n + 3) * (n + 5)
                                                                     / (n * (n - 2) * (n - 3)))
    a = 6 + 8 / beta * (2 / beta + math.sqrt(1 + 4 / beta**2))
    below = 1 + x * math.sqrt(2 / (a - 4))
    root = math.copysign(abs((1 - 2 / a) / below) ** (1 / 3), below) if below else math.inf
    return _z((1 - 2 / (9 * a) - root) / math.sqrt(2 / (9 * a)), false_alarm)


def kurtosis_like(sample: Tensor, moments: tuple[float, float, float], *, false_alarm: float = RATE) -> Score:
    """The kurtosis is that of a symmetric law with the given (4th, 6th, 8th) moment ratios. Normal by the
    delta method.

    Var = m8 - k^2 - 4k(m6 - k) + 4k^2(k - 1), over n: 24 / n for a normal law.
    """
    k, sixth, eighth = moments
    spread = eighth - k**2 - 4 * k * (sixth - k) + 4 * k**2 * (k - 1)
    return _z(_ratio(moment_ratio(sample, 4) - k, math.sqrt(spread / max(sample.numel(), 1))), false_alarm)


def law(sample: Tensor, distribution: Callable[[Tensor], Tensor], *, false_alarm: float = RATE) -> Score:
    """The sample follows a law with this distribution function. The value is how far the two functions come
    apart.

    P(distance > d) <= 2 exp(-2 n d^2) for every n and every law (Massart 1990), and less where the law's
    scale was taken from the sample itself. The distance is looked at in 1024 places, equally likely under the
    law: sorting costs ten times as much, and finds no more than a thousandth.
    """
    x, places = sample.detach().float().flatten(), 1024
    bound = math.sqrt(math.log(2 / false_alarm) / (2 * max(x.numel(), 1)))
    if not x.numel() or not bool(x.isfinite().all()):
        return Score(value=math.nan, limit=bound, false_alarm=false_alarm)
    place = (distribution(x) * places).long().clamp_(0, places - 1)
    below = torch.bincount(place, minlength=places).double().cumsum(0) / x.numel()
    distance = (below - torch.arange(1, places + 1, dtype=torch.float64) / places).abs().max()
    return Score(value=float(distance), limit=bound, false_alarm=false_alarm)


def standardised(sample: Tensor) -> Tensor:
    """The sample with mean 0 and variance 1, flat."""
    x = _flat(sample)
    x = x - x.mean()
    return x / x.square().mean().sqrt()


def normal_law(x: Tensor) -> Tensor:
    """The distribution function of N(0, 1)."""
    below: Tensor = torch.special.ndtr(x)
    return below


def uniform_law(x: Tensor) -> Tensor:
    """The distribution function of the uniform law with mean 0 and variance 1."""
    return ((x / math.sqrt(3) + 1) / 2).clamp(0, 1)


def truncated_law(x: Tensor) -> Tensor:
    """The distribution function of N(0, 1) truncated at two standard deviations, scaled to variance 1."""
    z = (x * TRUNCATED_STD).clamp(-2, 2)
    return (normal_law(z) - _BELOW) / (1 - 2 * _BELOW)


_BELOW = 0.5 * math.erfc(math.sqrt(2))                            # P(N(0, 1) < -2)
# density of the truncated law at +-2: 0.0566
_EDGE = math.exp(-2) / math.sqrt(2 * math.pi) / (1 - 2 * _BELOW)


def _truncated_moment(order: int) -> float:
    """E[x^order] of N(0, 1) truncated at 2, by parts: (order - 1) E[x^(order - 2)] - 2 * 2^(order
    - 1) edge."""
    return 1.0 if order == 0 else (order - 1) * _truncated_moment(order - 2) - 2 ** order * _EDGE


# 0.87962566103423978, as in TensorFlow and Keras
TRUNCATED_STD = math.sqrt(_truncated_moment(2))
TRUNCATED_MOMENTS = (_truncated_moment(4) / TRUNCATED_STD**4, _truncated_moment(6) / TRUNCATED_STD**6,
                     _truncated_moment(8) / TRUNCATED_STD**8)     # kurtosis 2.365
# 2.2737 standard deviations of the truncated law
TRUNCATED_EDGE = 2 / TRUNCATED_STD


def at_edge(sample: Tensor, edge: float, *, within: float, known: int = 0,
            false_alarm: float = RATE) -> Score:
    """No more entries lie in the last `within` (a share) below +-edge than a truncated law puts there.
    One-sided.

    Their number is Poisson, the density being all but flat there. The value is the z of its tail. `known` is
    how many lie there for sure: 1 where the edge is the largest entry itself.
    """
    x = _flat(sample).abs()
    found = max(int((x >= edge * (1 - within)).sum()) - known, 0)
    tail = torch.special.gammainc(torch.tensor(float(max(found, 1)), dtype=torch.float64),
                                  torch.tensor(x.numel() * 2 * _EDGE * 2 * within, dtype=torch.float64))
    z = -_normal_quantile(float(tail)) if found else 0.0
    return Score(value=max(z, 0.0), limit=-_normal_quantile(false_alarm), false_alarm=false_alarm)


def short_of_edge(n: int, false_alarm: float = RATE) -> float:
    """How far, as a share of the edge, the largest of n truncated draws may stay below it: exp(-2 n density
    gap)."""
    return -math.log(false_alarm) / (2 * max(n, 1) * _EDGE) / 2


# --- rows, columns and draws: are they independent? ----------------------------------------------------


def row_spread(matrix: Tensor, *, false_alarm: float = RATE) -> Score:
    """No row is wider or narrower than the others: the z of the most extreme row's chi-squared, limit for all
    rows.

    Where the entries' tails are heavier than normal, rows differ more, and z is taken down by as much.
    """
    rows, width = matrix.shape
    if min(rows, width) < 2:
        return _z(math.nan, false_alarm)
    x = matrix.detach().double()
    ratios = x.square().mean(dim=1) / x.square().mean()
    tails = max(1.0, (moment_ratio(x, 4) - 1) / 2)
    z = max((_cube_root(float(r), width) for r in (ratios.min(), ratios.max())), key=abs)
    return _z(z / math.sqrt(tails), false_alarm / rows)


def row_likeness(matrix: Tensor, *, false_alarm: float = RATE) -> tuple[Score, Score]:
    """The rows overlap as independent ones do, and no two point the same or opposite ways.

    First score: the squared cosines add up to pairs / width. For independent rows the cosines are pairwise
    independent with E[c^2] = 1 / w and Var[c^2] = 2 (w - 1) / (w^2 (w + 2)), so that mean and variance of the
    sum are exact; its skewness is 0.1 for 512 rows of 128, less for others, which at one in a million at most
    doubles the rate. Second: the largest |cosine|. P(|c| > x) <= 2 exp(-w x^2 / 2) in w dimensions (Ball
    1997, lemma 2.2), times the pairs. Each takes half of the false alarms.
    """
    rows, width = matrix.shape
    if min(rows, width) < 2:
        nothing = _z(math.nan, false_alarm / 2)
        return nothing, nothing
    directions = torch.nn.functional.normalize(matrix.detach().float(), dim=1)
    cosines = (directions @ directions.mT).fill_diagonal_(0.0)
    pairs = rows * (rows - 1) / 2
    spread = math.sqrt(pairs * 2 * (width - 1) / (width**2 * (width + 2)))
    overlap = float(cosines.square().sum(dtype=torch.float64)) / 2
    bound = math.sqrt(2 * math.log(4 * pairs / false_alarm) / width)
    return (_z((overlap - pairs / width) / spread, false_alarm / 2),
            Score(value=float(cosines.abs().max()), limit=min(bound, 1 - 1e-6), false_alarm=false_alarm / 2))


def agreement(first: Tensor, second: Tensor, *, false_alarm: float = RATE) -> Score:
    """Two samples of one size are uncorrelated, entry by entry. Fisher's z of the correlation."""
    x, y = _flat(first), _flat(second)
    if x.shape != y.shape or x.numel() < 5:
        return _z(math.nan, false_alarm)
    x, y = x - x.mean(), y - y.mean()
    r = _ratio(float(x @ y), math.sqrt(float(x @ x) * float(y @ y)))
    return _z(math.atanh(r) * math.sqrt(x.numel() - 3) if abs(r) < 1 else r * math.inf, false_alarm)


def neighbours(sample: Tensor, *, false_alarm: float = RATE) -> Score:
    """Entries that follow one another are uncorrelated."""
    x = _flat(sample)
    return agreement(x[:-1], x[1:], false_alarm=false_alarm)


def distinct_share(sample: Tensor) -> float:
    """Different values among all values: above 0.99 for draws in float32, of which there are 2^24 or so."""
    return _ratio(float(torch.unique(sample).numel()), float(sample.numel()))


# --- what was measured, not derived --------------------------------------------------------------------


def log_normal(value: float, *, median: float, spread: float, false_alarm: float = RATE) -> Score:
    """log(value) is normal about log(median) with the standard deviation `spread`, both as the caller
    measured them."""
    z = math.log(value / median) / spread if 0 < value < math.inf else math.nan
    return _z(z, false_alarm)


def log_normal_bounds(*, median: float, spread: float, false_alarm: float = RATE) -> tuple[float, float]:
    """The least and the greatest value that `log_normal` lets pass."""
    reach = math.exp(limit(false_alarm) * spread)
    return median / reach, median * reach
