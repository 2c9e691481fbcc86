"""Calibrated tests of numbers drawn at random. Each states how often it rejects numbers that are right.

A test returns a `Score`: how far the statistic lies from what is expected, how far it may lie, and the rate
of false alarms at which that limit stands. A check that makes several tests shares its rate among them
(Bonferroni): `variance(sample, 0.5, false_alarm=RATE / 3)`. Pure torch and math, float64, no I/O, and total:
any tensor may come in, empty, constant or not finite, and what cannot be measured is NaN, which never holds.
Samples may have any shape and dtype. Measured rates: tests/spec/test_statistics.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from torch import Tensor

RATE = 1e-6  # of false alarms, for a whole check


@dataclass(frozen=True, kw_only=True)
class Score:
    """How far a statistic lies from its expectation."""

    value: float         # in standard deviations of a normal law, where the test does not say otherwise
    limit: float         # on the same scale: how far it may lie, on either side
    false_alarm: float   # the rate at which right numbers go beyond the limit

    @property
    def holds(self) -> bool:
        """Within the limit; False for NaN."""
        return abs(self.value) <= self.limit


def limit(false_alarm: float) -> float:
    """The z with P(|N(0, 1)| > z) = false_alarm."""
    return -_normal_quantile(false_alarm / 2)


def _normal_quantile(p: float) -> float:
    return float(torch.special.ndtri(torch.tensor(p, dtype=torch.float64)))


def standard_score(value: float, false_alarm: float) -> Score:
    """A statistic that is N(0, 1) where the numbers are right."""
    return Score(value=value, limit=limit(false_alarm), false_alarm=false_alarm)


def flat(sample: Tensor) -> Tensor:
    """The numbers alone, float64, one after the other."""
    return sample.detach().double().flatten()


def quotient(above: float, below: float) -> float:
    """above / below; NaN where that is no number."""
    return above / below if below and math.isfinite(below) else math.nan


# --- one sample: where it lies, how wide it is ---------------------------------------------------------


def mean(sample: Tensor, expected: float = 0.0, *, false_alarm: float = RATE) -> Score:
    """The mean is `expected`, by the sample's own spread, whatever that is. Student's t (1908), normal from
    n = 1000 on."""
    x = flat(sample)
    if x.numel() < 2:
        return standard_score(math.nan, false_alarm)
    error = float(x.std()) / math.sqrt(x.numel())
    return standard_score(quotient(float(x.mean()) - expected, error), false_alarm)


def variance(sample: Tensor, expected: float, *, about: float | None = None, kurtosis: float = 3.0,
             false_alarm: float = RATE) -> Score:
    """The variance is `expected`, about the sample's own mean or about a given one.

    n * s^2 / expected is chi-squared for a normal law; its cube root is nearly normal (Wilson & Hilferty
    1931). Another law is taken in through its kurtosis, which sets the degrees of freedom: Var[s^2] =
    (kurtosis - 1) sigma^4 / n.

    Args:
        expected: above 0.
        about: the mean, where it is known.
        kurtosis: of the law that is expected, above 1: 3 for a normal one, 1.8 for a uniform one.
    """
    x = flat(sample)
    freedom = x.numel() if about is not None else x.numel() - 1
    if freedom < 1:
        return standard_score(math.nan, false_alarm)
    centre = float(x.mean()) if about is None else about
    found = float((x - centre).square().sum()) / freedom
    return variance_share(quotient(found, expected), freedom, kurtosis=kurtosis, false_alarm=false_alarm)


def variance_share(share: float, freedom: float, *, kurtosis: float = 3.0,
                   false_alarm: float = RATE) -> Score:
    """`variance` for what has been measured.

    Args:
        share: the variance found over the expected one.
        freedom: degrees of freedom: the numbers it was found from, less one where their mean was found too.
    """
    z = chi_squared(share, 2 * freedom / (kurtosis - 1)) if freedom > 0 else math.nan
    return standard_score(z, false_alarm)


def chi_squared(ratio: float, freedom: float) -> float:
    """The z of a chi-squared variable over its degrees of freedom (Wilson & Hilferty 1931)."""
    if not ratio >= 0:
        return math.nan
    spread = 2 / (9 * freedom)
    return (math.cbrt(ratio) - (1 - spread)) / math.sqrt(spread)


def variance_ratio(first: Tensor, second: Tensor, expected: float, *, kurtosis: float = 3.0,
                   false_alarm: float = RATE) -> Score:
    """Var[first] / Var[second] is `expected`: the logarithm has variance (kurtosis - 1)(1 / n1 + 1 / n2),
    and is normal for samples of hundreds (Bartlett & Kendall 1946).

    Args:
        kurtosis: of the law that both are drawn from; a normal one's is 3.
    """
    x, y = flat(first), flat(second)
    if min(x.numel(), y.numel()) < 2:
        return standard_score(math.nan, false_alarm)
    found = quotient(float(x.var()), float(y.var())) / expected
    if not found > 0:
        return standard_score(math.nan, false_alarm)
    spread = math.sqrt((kurtosis - 1) * (1 / (x.numel() - 1) + 1 / (y.numel() - 1)))
    return standard_score(math.log(found) / spread, false_alarm)


def share(count: int, of: int, expected: float, *, false_alarm: float = RATE) -> Score:
    """A share is `expected`: `count` of `of` independent trials, each with this chance. Exact and two-sided.

    The value is the z of the smaller tail of the binomial law, the count itself included (Clopper & Pearson
    1934), so that right counts are refused at the stated rate or less: a count is whole, no limit is hit.

    Args:
        count: trials that came out so, 0 to `of`.
        of: all trials, 1 or more.
        expected: the chance of one, 0 to 1.
    """
    if not (0 <= count <= of and of > 0 and 0 <= expected <= 1):
        return standard_score(math.nan, false_alarm)
    below, above = _binomial(0, count, of, expected), _binomial(count, of, of, expected)
    z = max(-_normal_quantile(min(below, above)), 0.0)
    return standard_score(-z if below < above else z, false_alarm)


def _binomial(first: int, last: int, of: int, chance: float) -> float:
    """P(first <= X <= last) of a binomial X, added up from its logarithms."""
    if chance in (0.0, 1.0):
        return float(first <= of * chance <= last)
    k, n = torch.arange(first, last + 1, dtype=torch.float64), torch.tensor(float(of), dtype=torch.float64)
    terms = (torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
             + k * math.log(chance) + (n - k) * math.log1p(-chance))
    return min(float(terms.logsumexp(0).exp()), 1.0)


# --- one sample: its shape -----------------------------------------------------------------------------


def moment_ratio(sample: Tensor, order: Literal[3, 4]) -> float:
    """E[(x - mean)^order] / sd^order: the skewness for 3, the kurtosis for 4. NaN for a constant sample."""
    x = flat(sample)
    n = max(x.numel(), 1)
    x = x - x.mean()
    squares = x * x   # and dot products: `pow` is slow
    return quotient(float((x if order == 3 else squares) @ squares) / n,
                  (float(squares.sum()) / n) ** (order / 2))


def skewness(sample: Tensor, *, false_alarm: float = RATE) -> Score:
    """The skewness is a normal law's 0. Exact variance (Fisher 1930); its law is near normal for n > 5000."""
    n = sample.numel()
    if n < 8:
        return standard_score(math.nan, false_alarm)
    spread = math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))
    return standard_score(moment_ratio(sample, 3) / spread, false_alarm)


def kurtosis(sample: Tensor, *, false_alarm: float = RATE) -> Score:
    """The kurtosis is a normal law's 3. Its own law is skewed; made normal as in Anscombe & Glynn 1983, for
    n >= 20."""
    n = sample.numel()
    if n < 20:
        return standard_score(math.nan, false_alarm)
    expected = 3 * (n - 1) / (n + 1)
    spread = math.sqrt(24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5)))
    x = (moment_ratio(sample, 4) - expected) / spread
    beta = 6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * math.sqrt(6 * (n + 3) * (n + 5)
                                                                     / (n * (n - 2) * (n - 3)))
    a = 6 + 8 / beta * (2 / beta + math.sqrt(1 + 4 / beta**2))
    below = 1 + x * math.sqrt(2 / (a - 4))
    root = math.copysign(abs((1 - 2 / a) / below) ** (1 / 3), below) if below else math.inf
    return standard_score((1 - 2 / (9 * a) - root) / math.sqrt(2 / (9 * a)), false_alarm)


def kurtosis_like(sample: Tensor, moments: tuple[float, float, float], *, false_alarm: float = RATE) -> Score:
    """The kurtosis is that of another symmetric law. Normal by the delta method (Cramér 1946, chapter 28).

    Var = m8 - k^2 - 4k(m6 - k) + 4k^2(k - 1), over n: 24 / n for a normal law.

    Args:
        moments: (k, m6, m8), the law's 4th, 6th and 8th central moments over powers of its variance.
    """
    k, sixth, eighth = moments
    spread = eighth - k**2 - 4 * k * (sixth - k) + 4 * k**2 * (k - 1)
    error = math.sqrt(spread / max(sample.numel(), 1))
    return standard_score(quotient(moment_ratio(sample, 4) - k, error), false_alarm)


def law(sample: Tensor, distribution: Callable[[Tensor], Tensor], *, false_alarm: float = RATE) -> Score:
    """The sample follows a law with this distribution function. The value is how far the two functions come
    apart.

    P(distance > d) <= 2 exp(-2 n d^2) for every n and every law (Massart 1990), and less where the law's
    scale was taken from the sample itself. The distance is looked at in 1024 places, equally likely under the
    law: sorting costs ten times as much, and finds no more than a thousandth.

    Args:
        distribution: P(X <= x) of the law, entry by entry, float32.
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
    x = flat(sample)
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


def truncated_density(x: Tensor) -> Tensor:
    """The density of `truncated_law`."""
    z = x * TRUNCATED_STD
    bell = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi) * TRUNCATED_STD / (1 - 2 * _BELOW)
    return torch.where(z.abs() <= 2, bell, torch.zeros_like(bell))


_BELOW = 0.5 * math.erfc(math.sqrt(2))                             # P(N(0, 1) < -2)
_EDGE = math.exp(-2) / math.sqrt(2 * math.pi) / (1 - 2 * _BELOW)   # the truncated density at +-2: 0.0566


def _truncated_moment(order: int) -> float:
    """E[x^order] of N(0, 1) truncated at 2; by parts, (order - 1) E[x^(order - 2)] - 2^order edge."""
    return 1.0 if order == 0 else (order - 1) * _truncated_moment(order - 2) - 2 ** order * _EDGE


TRUNCATED_STD = math.sqrt(_truncated_moment(2))   # 0.87962566103423978, as in TensorFlow and Keras
TRUNCATED_EDGE = 2 / TRUNCATED_STD                # 2.2737 standard deviations of the truncated law
TRUNCATED_MOMENTS = (_truncated_moment(4) / TRUNCATED_STD**4, _truncated_moment(6) / TRUNCATED_STD**6,
                     _truncated_moment(8) / TRUNCATED_STD**8)      # kurtosis 2.365


def at_edge(sample: Tensor, edge: float, *, within: float, known: int = 0,
            false_alarm: float = RATE) -> Score:
    """No more entries lie in the last `within` (a share) below +-edge than a truncated law puts there.
    One-sided.

    Their number is Poisson, the density being all but flat there. The value is the z of its tail.

    Args:
        edge: where the law ends, in the sample's own unit.
        within: a share of the edge.
        known: how many lie there for sure: 1 where the edge is the largest entry itself.
    """
    x = flat(sample).abs()
    found = max(int((x >= edge * (1 - within)).sum()) - known, 0)
    tail = torch.special.gammainc(torch.tensor(float(max(found, 1)), dtype=torch.float64),
                                  torch.tensor(x.numel() * 2 * _EDGE * 2 * within, dtype=torch.float64))
    z = -_normal_quantile(float(tail)) if found else 0.0
    return Score(value=max(z, 0.0), limit=-_normal_quantile(false_alarm), false_alarm=false_alarm)


def short_of_edge(n: int, false_alarm: float = RATE) -> float:
    """How far, as a share of the edge, the largest of n truncated draws may stay below it: it stays further
    below with probability exp(-2 n density gap)."""
    return -math.log(false_alarm) / (2 * max(n, 1) * _EDGE) / 2


# --- what was measured, not derived --------------------------------------------------------------------


def log_normal(value: float, *, median: float, spread: float, false_alarm: float = RATE) -> Score:
    """log(value) is normal about log(median) with the standard deviation `spread`, both as the caller
    measured them: the rate is as good as these are.

    Args:
        value: above 0.
        median: of right values.
        spread: standard deviation of their natural logarithm.
    """
    z = math.log(value / median) / spread if 0 < value < math.inf else math.nan
    return standard_score(z, false_alarm)


def log_normal_bounds(*, median: float, spread: float, false_alarm: float = RATE) -> tuple[float, float]:
    """The least and the greatest value that `log_normal` lets pass."""
    reach = math.exp(limit(false_alarm) * spread)
    return median / reach, median * reach
