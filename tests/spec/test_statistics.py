"""Each test of grader.spec.statistics and of independence raises false alarms as often as it says, and sees
the mistakes it is there for.

A rate of one in a million cannot be measured here; the same tests at one in a hundred can. Seeds are fixed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from grader.spec import Unmet, sets_seed, varies
from grader.spec import independence as i
from grader.spec import statistics as s
from grader.spec.statistics import Score

LEVEL, DRAWS = 0.01, 1000
SHAPE = (64, 96)


def alarms(test: Callable[[Tensor], Score], draw: Callable[[torch.Generator], Tensor],
           draws: int = DRAWS) -> int:
    generator = torch.Generator().manual_seed(20150206)
    return sum(not test(draw(generator)).holds for _ in range(draws))


def normal(generator: torch.Generator) -> Tensor:
    return torch.randn(SHAPE, generator=generator)


def truncated(generator: torch.Generator, shape: tuple[int, ...] = SHAPE, at: float = 2.0) -> Tensor:
    """N(0, 1) without what lies beyond `at`, not rescaled: the inverse of its distribution function."""
    reach = math.erf(at / math.sqrt(2))
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return torch.erfinv(uniform * reach) * math.sqrt(2)


def uniform(generator: torch.Generator) -> Tensor:
    return (torch.rand(SHAPE, generator=generator) * 2 - 1) * math.sqrt(3)


def pair(generator: torch.Generator) -> Tensor:
    return torch.randn(2, *SHAPE, generator=generator)


def coins(generator: torch.Generator, chance: float = 0.3, of: int = 4000) -> Tensor:
    return torch.rand(of, generator=generator) < chance


def independently(x: Tensor, false_alarm: float) -> Score:
    """`expect_independent` as a score."""
    try:
        i.expect_independent(x[0], x[1], false_alarm=false_alarm)
    except Unmet:
        return Score(value=math.inf, limit=0.0, false_alarm=false_alarm)
    return Score(value=0.0, limit=0.0, false_alarm=false_alarm)


def spread(count: float) -> float:
    """Four and a half standard deviations of a binomial count."""
    return 4.5 * math.sqrt(count)


CALIBRATED: dict[str, tuple[Callable[[Tensor], Score], Callable[[torch.Generator], Tensor]]] = {
    "mean": (lambda x: s.mean(x, false_alarm=LEVEL), normal),
    "variance": (lambda x: s.variance(x, 1.0, false_alarm=LEVEL), normal),
    "variance about zero": (lambda x: s.variance(x, 1.0, about=0.0, false_alarm=LEVEL), normal),
    "variance of a truncated law": (lambda x: s.variance(x, s.TRUNCATED_STD**2,
                                                         kurtosis=s.TRUNCATED_MOMENTS[0],
                                                         false_alarm=LEVEL), truncated),
    "variance of a uniform law": (lambda x: s.variance(x, 1.0, kurtosis=1.8, false_alarm=LEVEL), uniform),
    "variance ratio": (lambda x: s.variance_ratio(x[0], x[1] * 2, 0.25, false_alarm=LEVEL), pair),
    "skewness": (lambda x: s.skewness(x, false_alarm=LEVEL), normal),
    "kurtosis": (lambda x: s.kurtosis(x, false_alarm=LEVEL), normal),
    "kurtosis of a truncated law": (lambda x: s.kurtosis_like(x, s.TRUNCATED_MOMENTS, false_alarm=LEVEL),
                                    truncated),
    "kurtosis of a uniform law": (lambda x: s.kurtosis_like(x, (1.8, 27 / 7, 9.0), false_alarm=LEVEL),
                                  uniform),
    "row spread": (lambda x: i.row_spread(x, false_alarm=LEVEL), normal),
    "column spread": (lambda x: i.row_spread(x.mT, false_alarm=LEVEL), normal),
    "row overlap": (lambda x: i.row_likeness(x, false_alarm=2 * LEVEL)[0], normal),
    "column overlap": (lambda x: i.row_likeness(x.mT, false_alarm=2 * LEVEL)[0], normal),
    "row overlap, uniform": (lambda x: i.row_likeness(x, false_alarm=2 * LEVEL)[0], uniform),
    "agreement": (lambda x: i.agreement(x[0], x[1], false_alarm=LEVEL), pair),
    "neighbours": (lambda x: i.neighbours(x, false_alarm=LEVEL), normal),
    "share": (lambda x: s.share(int(x.sum()), len(x), 0.3, false_alarm=LEVEL), coins),
    "log-normal": (lambda x: s.log_normal(math.exp(0.3 * float(x[0, 0]) + 1), median=math.e, spread=0.3,
                                          false_alarm=LEVEL), normal),
}

CONSERVATIVE: dict[str, tuple[Callable[[Tensor], Score], Callable[[torch.Generator], Tensor]]] = {
    "law, known": (lambda x: s.law(x, s.normal_law, false_alarm=LEVEL), normal),
    "law, scale from the sample": (lambda x: s.law(s.standardised(x), s.normal_law, false_alarm=LEVEL),
                                   normal),
    "truncated law": (lambda x: s.law(x / s.TRUNCATED_STD, s.truncated_law, false_alarm=LEVEL), truncated),
    "uniform law": (lambda x: s.law(x, s.uniform_law, false_alarm=LEVEL), uniform),
    "pile at the edge": (lambda x: s.at_edge(x, 2.0, within=0.01, false_alarm=LEVEL), truncated),
    "pile at the largest": (lambda x: s.at_edge(x, float(x.abs().max()), within=0.0003, known=1,
                                                false_alarm=LEVEL),
                            truncated),
    "closest rows": (lambda x: i.row_likeness(x, false_alarm=2 * LEVEL)[1], normal),
    "share of few": (lambda x: s.share(int(x[:12].sum()), 12, 0.3, false_alarm=LEVEL), coins),
    "row spread, uniform": (lambda x: i.row_spread(x, false_alarm=LEVEL), uniform),
}


@pytest.mark.parametrize("name", CALIBRATED)
def test_false_alarms_are_as_frequent_as_stated(name: str) -> None:
    test, draw = CALIBRATED[name]
    expected = LEVEL * DRAWS
    assert abs(alarms(test, draw) - expected) <= spread(expected)


@pytest.mark.parametrize("name", CONSERVATIVE)
def test_bounds_raise_no_more_false_alarms_than_stated(name: str) -> None:
    test, draw = CONSERVATIVE[name]
    expected = LEVEL * DRAWS
    assert alarms(test, draw) <= expected + spread(expected)


def test_all_of_independence_together_is_no_more_often_wrong_than_stated_nor_asleep() -> None:
    """Six tests share the rate; the closest rows' part of it is a bound that is hardly ever hit."""
    found, expected = alarms(lambda x: independently(x, 0.12), pair, 400), 400 * 0.12
    assert expected / 4 <= found <= expected + spread(expected)


def test_a_share_is_exact() -> None:
    """P(X <= 3) of ten tosses is 176 / 1024: refused at twice that and a little, and not at a little less."""
    tail = 176 / 1024
    for count in (3, 7):
        assert not s.share(count, 10, 0.5, false_alarm=2 * tail * 1.001).holds
        assert s.share(count, 10, 0.5, false_alarm=2 * tail * 0.999).holds
    assert s.share(3, 10, 0.5).value < 0 < s.share(7, 10, 0.5).value
    assert s.share(5, 10, 0.5).value == 0


@pytest.mark.parametrize(("count", "of", "expected", "holds"), [
    (0, 9, 0.0, True), (1, 9, 0.0, False), (9, 9, 1.0, True), (8, 9, 1.0, False), (0, 0, 0.5, False),
    (5, 4, 0.5, False), (-1, 4, 0.5, False), (2, 4, math.nan, False), (2, 4, 1.5, False),
    (450_000, 10**6, 0.45, True), (452_600, 10**6, 0.45, False), (0, 10**6, 0.45, False),
])
def test_a_share_at_its_ends(count: int, of: int, expected: float, holds: bool) -> None:
    assert s.share(count, of, expected).holds is holds


def test_calls_that_draw_anew_coincide_as_seldom_as_stated() -> None:
    """Seven tosses of two fair coins are the same once in 2^7."""
    generator = torch.Generator().manual_seed(4)
    same = sum(not varies([coins(generator, 0.5, 7), coins(generator, 0.5, 7)]) for _ in range(4000))
    assert abs(same - 4000 / 2**7) <= spread(4000 / 2**7)


def test_calls_that_repeat_do_not_vary() -> None:
    first, second, third = torch.randn(3, 5)
    assert varies([first, second, third])
    assert not varies([first, second, first.clone()])
    assert not varies([first, torch.full((5,), math.nan)])


def after(call: Callable[[], object]) -> list[Tensor]:
    drawn = []
    for seed in (11, 11, 12):
        torch.manual_seed(seed)
        call()
        drawn.append(torch.rand(4))
    return drawn


def test_a_seed_that_is_set_inside_is_seen() -> None:
    for call in (lambda: None, lambda: torch.randn(7), lambda: random.random(),
                 lambda: torch.randn(3, generator=torch.Generator().manual_seed(0))):
        assert not sets_seed(after(call))
    assert "whatever seed" in sets_seed(after(lambda: torch.manual_seed(0)))
    assert "other numbers" in sets_seed(after(torch.seed))


@pytest.mark.parametrize(("kurtosis", "draw"), [
    (3.0, lambda g: torch.randn(900, generator=g)), (1.8, lambda g: torch.rand(900, generator=g)),
    (9.0, lambda g: torch.randn(900, generator=g) * torch.randn(900, generator=g))])
def test_variances_of_one_law_differ_as_seldom_as_stated(kurtosis: float,
                                                         draw: Callable[[torch.Generator], Tensor]) -> None:
    generator = torch.Generator().manual_seed(6)
    refused = sum(not s.variance_ratio(draw(generator), draw(generator), 1.0, kurtosis=kurtosis,
                                       false_alarm=0.05).holds for _ in range(2000))
    assert abs(refused - 100) <= 40   # 4 standard deviations of a binomial law


def test_a_score_is_standard_normal_far_beyond_the_level_measured() -> None:
    """The moments that decide how the tails go on: skewness and kurtosis of the scores themselves."""
    generator = torch.Generator().manual_seed(1)
    draws = [torch.randn(SHAPE, generator=generator) for _ in range(1500)]
    for test in (s.kurtosis, s.skewness, lambda x: s.variance(x, 1.0), lambda x: i.row_likeness(x)[0]):
        z = torch.tensor([test(x).value for x in draws])
        assert abs(float(z.mean())) < 0.1
        assert abs(float(z.std()) - 1) < 0.08
        assert abs(s.moment_ratio(z, 3)) < 0.3
        assert abs(s.moment_ratio(z, 4) - 3) < 0.6


def test_the_largest_truncated_draw_stays_as_close_to_the_edge_as_stated() -> None:
    generator = torch.Generator().manual_seed(2)
    reach = s.short_of_edge(SHAPE[0] * SHAPE[1], LEVEL)
    far = sum(float(truncated(generator).abs().max()) < 2 * (1 - reach) for _ in range(DRAWS))
    assert abs(far - LEVEL * DRAWS) <= spread(LEVEL * DRAWS)


def test_constants_of_the_truncated_law() -> None:
    # TensorFlow's and Keras' constant
    assert pytest.approx(0.87962566103423978, rel=1e-15) == s.TRUNCATED_STD
    assert pytest.approx(2.2737, abs=1e-4) == s.TRUNCATED_EDGE
    assert pytest.approx(2.365, abs=1e-3) == s.TRUNCATED_MOMENTS[0]
    x = truncated(torch.Generator().manual_seed(3), (1000, 1000)) / s.TRUNCATED_STD
    moments = [float(x.pow(order).mean()) for order in (4, 6, 8)]
    assert moments == pytest.approx(s.TRUNCATED_MOMENTS, rel=0.02)


def test_limit_is_the_normal_quantile() -> None:
    assert s.limit(1e-6) == pytest.approx(4.891638, abs=1e-5)
    assert s.limit(math.erfc(5 / math.sqrt(2))) == pytest.approx(5.0, abs=1e-9)
    assert s.limit(2e-9) == pytest.approx(5.9978, abs=1e-3)


# --- power: the variants that people really draw -------------------------------------------------------

def noticed(test: Callable[[Tensor], Score], draw: Callable[[torch.Generator], Tensor]) -> float:
    return alarms(test, draw, 40) / 40


def he_variance(x: Tensor) -> Score:
    return s.variance(x, 1.0)


def scaled(ratio: float, shape: tuple[int, int]) -> Callable[[torch.Generator], Tensor]:
    return lambda generator: torch.randn(shape, generator=generator) * math.sqrt(ratio)


@pytest.mark.parametrize(("variant", "ratio", "shape", "least"), [
    ("LeCun", 0.5, (22, 22), 0.95),
    ("tanh gain", 25 / 18, (22, 22), 0.6),
    ("tanh gain", 25 / 18, (64, 64), 1.0),
    ("truncated at 2, not rescaled", 0.7737, (64, 64), 1.0),
    ("fan_out", 0.75, (128, 96), 1.0),
    ("4 / (in + out)", 2 * 96 / 224, (128, 96), 1.0),
    ("leaky 0.2", 1 / 1.04, (300, 200), 0.85),
])
def test_wrong_scales_are_seen(variant: str, ratio: float, shape: tuple[int, int], least: float) -> None:
    assert noticed(he_variance, scaled(ratio, shape)) >= least, variant


def test_right_scales_of_other_laws_are_not_held_against_them() -> None:
    assert noticed(he_variance, uniform) == 0
    assert noticed(lambda x: s.variance(x, s.TRUNCATED_STD**2), truncated) == 0


def test_the_shape_is_seen_by_kurtosis_and_law() -> None:
    big = (300, 200)
    for test in (s.kurtosis, lambda x: s.law(s.standardised(x), s.normal_law)):
        assert noticed(test, lambda g: torch.rand(big, generator=g)) == 1
        assert noticed(test, lambda g: truncated(g, big)) == 1
    assert noticed(s.kurtosis, lambda g: truncated(g, big, at=3.0)) == 1
    assert noticed(s.skewness, lambda g: -torch.rand(big, generator=g).log()) == 1


def test_a_shifted_mean_is_seen() -> None:
    assert noticed(s.mean, lambda g: torch.randn(300, 200, generator=g) + 0.05) == 1


def test_structure_is_seen() -> None:
    shape = (128, 256)

    def likeness(x: Tensor) -> Score:
        overlap, closest = i.row_likeness(x)
        return closest if overlap.holds else overlap

    def orthogonal(g: torch.Generator) -> Tensor:
        columns: Tensor = torch.linalg.qr(torch.randn(256, 128, generator=g))[0]
        return columns.mT

    def mirrored(g: torch.Generator) -> Tensor:
        half = torch.randn(64, 256, generator=g)
        return torch.cat([half, -half])

    def repeated(g: torch.Generator) -> Tensor:
        return torch.randn(64, 256, generator=g).repeat(2, 1)

    def dragging(g: torch.Generator) -> Tensor:
        x = torch.randn(shape, generator=g)
        x[:, 1:] += 0.1 * x[:, :-1]
        return x

    def uneven(g: torch.Generator) -> Tensor:
        x = torch.randn(shape, generator=g)
        x[5] *= 2
        return x

    for draw in (orthogonal, mirrored, repeated):
        assert noticed(likeness, draw) == 1
    assert noticed(i.neighbours, dragging) == 1
    assert noticed(i.row_spread, uneven) == 1
    assert i.distinct_share(repeated(torch.Generator().manual_seed(0))) <= 0.5
    x = torch.randn(shape)
    assert not i.agreement(x, x).holds
    assert not i.agreement(x, x + torch.randn(shape)).holds


def test_draws_moved_to_the_bounds_are_seen() -> None:
    assert noticed(lambda x: s.at_edge(x, 2.0, within=1e-6), lambda g: normal(g).clamp(-2, 2)) == 1


# --- whatever comes in, a score comes out --------------------------------------------------------------

STRANGE = {
    "empty": torch.empty(0, 4), "one": torch.ones(1, 1), "constant": torch.ones(8, 8),
    "zeros": torch.zeros(30, 30),
    "nan": torch.full((30, 30), math.nan), "inf": torch.full((30, 30), math.inf),
    "one row": torch.randn(1, 50),
    "one column": torch.randn(50, 1), "whole": torch.arange(900).reshape(30, 30),
    "truth": torch.ones(30, 30).bool(),
    "huge": torch.full((30, 30), 1e300, dtype=torch.float64), "half": torch.randn(30, 30).half(),
}
TESTS: dict[str, Callable[[Tensor], Score]] = {
    "mean": s.mean, "variance": lambda x: s.variance(x, 1.0), "ratio": lambda x: s.variance_ratio(x, x, 1.5),
    "skewness": s.skewness, "kurtosis": s.kurtosis,
    "kurtosis_like": lambda x: s.kurtosis_like(x, s.TRUNCATED_MOMENTS),
    "law": lambda x: s.law(x, s.normal_law), "law of itself": lambda x: s.law(s.standardised(x),
                                                                              s.truncated_law),
    "at_edge": lambda x: s.at_edge(x, 2.0, within=1e-3), "row_spread": i.row_spread,
    "overlap": lambda x: i.row_likeness(x)[0], "closest": lambda x: i.row_likeness(x)[1],
    "agreement": lambda x: i.agreement(x, x), "neighbours": i.neighbours,
}


@pytest.mark.parametrize("sample", STRANGE)
@pytest.mark.parametrize("test", TESTS)
def test_tests_are_total(test: str, sample: str) -> None:
    score = TESTS[test](STRANGE[sample])
    assert isinstance(score, Score)
    if sample in ("nan", "inf") and test != "at_edge":  # which counts, and has no opinion on what it finds
        assert not score.holds


def test_what_is_not_a_number_never_holds() -> None:
    assert not Score(value=math.nan, limit=5.0, false_alarm=1e-6).holds
    assert not Score(value=math.inf, limit=5.0, false_alarm=1e-6).holds
    for value in (math.nan, math.inf, 0.0, -1.0):
        assert not s.log_normal(value, median=1.0, spread=0.3).holds


def test_bounds_of_a_log_normal_are_where_it_begins_to_fail() -> None:
    low, high = s.log_normal_bounds(median=1.3, spread=0.35)
    for value, holds in ((low * 1.001, True), (high * 0.999, True), (low * 0.999, False),
                         (high * 1.001, False)):
        assert s.log_normal(value, median=1.3, spread=0.35).holds is holds
