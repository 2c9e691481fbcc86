"""What he_init promises. He, Zhang, Ren, Sun 2015, "Delving deep into rectifiers", section 2.2.

Every statistical check raises a false alarm at most once in a million judgings (RATE).
"""

import math

import torch

from grader.spec import (
    HE,
    HE_2015,
    MEAN_FOR_STD,
    RATE,
    SWAPPED,
    Call,
    Probe,
    Seen,
    bell,
    check,
    cut_bell,
    described,
    drawn,
    empty,
    expect_filled,
    expect_independent,
    expect_law,
    fail,
    fail_law,
    fans,
    fits,
    follow,
    held,
    identical,
    measure_variance,
    normal,
    off_by,
    statistics,
    tensor,
    the_one,
)

from .depth import BATCH, GRADIENT, LAYERS, SIGNAL, WIDTH, draw_gradient, draw_signal, explained, keeps, run
from .misconceptions import (
    CUT_OFF,
    ERRORS,
    FANS,
    NOT_IN_PLACE,
    ONE_SIDED,
    SAME_DRAW,
    SPREAD,
    TRUNCATED,
    UNIFORM,
    copies,
    told_of,
)
from .model import (
    WEIGHTS,
    expect_he_or_own,
    expect_nothing_else,
    expect_own_draws,
    in_our_model,
    unchanged,
    weights_of,
)
from .own import (
    brought,
    by_own_count,
    draws_of,
    expect_counts,
    expect_no_default,
    expect_no_old_numbers,
    expect_no_seed,
    expect_slope,
    holds_for_own_count,
    in_turn,
)
from .truncation import (
    EDGE,
    expect_all_apart,
    expect_cut,
    expect_no_pile,
    expect_small_ones_cut,
    has_its_width,
    in_units,
)

# --- what is observed ----------------------------------------------------------------------------------

# Tall and wide: where fan_in and fan_out are equal, half of all mistakes look right. The convolution's
# numbers tell fan_out from LeCun's rule. On the wide one any two laws with a name lie 15 % apart or more.
WIDE, TALL, CONV = SHAPES = ((174, 42), (42, 174), (28, 16, 3, 3))
wide, tall, conv = (Call("he_normal_", empty(*shape), times=2) for shape in SHAPES)   # two calls must differ
wide_truncated, tall_truncated = (Call("he_truncated_normal_", empty(*shape)) for shape in (WIDE, TALL))
conv_truncated = Call("he_truncated_normal_", empty(*CONV), times=2)
SLOPE, DOWN = 0.6, -0.6   # squared, not squared and squared twice are 16 % apart or more
LEVEL = [80, 128]
sloped = Call("he_normal_", empty(*WIDE), SLOPE)
# few units at the end: what is standardised by column loses a quarter of its variance there
turns = Probe("in_turn", uses=("he_normal_",), shapes=[[64, 48], LEVEL, LEVEL, [4, 1024]],
              slopes=[0.0, DOWN, 0.0, 0.0])

KERNELS = {"Linear": (7, 5), "one-unit Linear": (1, 9), "Conv1d": (6, 4, 3), "Conv2d": (8, 3, 5, 2),
           "Conv3d": (4, 6, 2, 3, 5)}
fan_ins = tuple(Call("fan_in", empty(*shape)) for shape in KERNELS.values())
counts = Probe("counted", uses=("fan_in",), shapes=[*map(list, SHAPES), [64, 48], LEVEL, [4, 1024]],
               vector=empty(9), scalar=empty())

deep = Probe("deep_weights", uses=("he_normal_",), layers=LAYERS, width=WIDTH,
             others=[empty(128, 32), empty(32, 128)], signal=normal(BATCH, WIDTH),
             gradient=normal(BATCH, WIDTH))

model = Probe("initialised_model", uses=("init_weights",), weights=list(WEIGHTS))
# Few numbers each: in such a weight often none lies far out. And inputs so few that their law is wide.
SMALL, TIMES = (8, 6), 24
truncated_turns = Probe("truncated_in_turn", uses=("he_truncated_normal_",), shape=list(SMALL), times=TIMES)


# --- fan_in --------------------------------------------------------------------------------------------

@check(looks_at=(*fan_ins, counts), points=2,
       hint="A Linear weight is (outputs, inputs), a Conv weight (out_channels, in_channels, *kernel). Count "
            "the numbers that one unit adds up, as an int, and raise ValueError where there are fewer than "
            "two dimensions.")
def fan_in(*steps: Seen) -> None:
    """`fan_in` counts the inputs that feed one unit: of Linear, Conv1d, Conv2d and Conv3d weights. Weights
    with fewer than two dimensions raise ValueError."""
    *asked, refused = steps
    found: dict[tuple[int, ...], int] = {}
    for seen, (layer, shape) in zip(asked, KERNELS.items(), strict=True):
        seen.measure(f"fan_in of a {layer} weight {shape}", described(seen.value), str(fans(shape)[0]))
        if isinstance(seen.value, bool) or not isinstance(seen.value, int):
            fail(f"`fan_in` of a {layer} weight returned {described(seen.value)}, not an int.")
        if not identical(tensor(seen.argument(), shape, "The weight"), seen.given["0"].double()):
            fail(f"`fan_in` changed the {layer} weight it was asked about.")
        found[shape] = seen.value
    for layer, shape in KERNELS.items():
        if found[shape] != fans(shape)[0]:
            fail(f"`fan_in` of a {layer} weight of shape {shape} is {found[shape]}; each of its units adds "
                 f"up {fans(shape)[0]} inputs.",
                 the_one((d, all(count == wrong(s) for s, count in found.items())) for d, wrong in FANS))
    expect_counts(refused)


# --- he_normal_ ----------------------------------------------------------------------------------------

@check(looks_at=(wide, tall, conv, turns), points=1, hint="Write into `weight` itself, then return it.")
def fills_in_place(*steps: Seen) -> None:
    """`he_normal_` fills the tensor it is given, all of it, whatever it held, and returns it (or nothing)."""
    *calls, turned = steps
    for seen in calls:
        expect_filled(seen, NOT_IN_PLACE)
    if all(bool(weight.isfinite().all()) for seen in calls for weight in held(seen)):
        expect_no_old_numbers(turned, turned.given["shapes"])


@check(looks_at=(wide, tall, conv), points=1, false_alarms=RATE,
       hint="The weights are drawn around zero: what is the mean of the law you draw from?")
def mean(*steps: Seen) -> None:
    """The weights have mean zero."""
    draws = draws_of(*steps)
    scores = [statistics.mean(draw.weights, false_alarm=RATE / len(draws)) for draw in draws]
    for draw, score in zip(draws, scores, strict=True):
        reach = score.limit * math.sqrt(draw.variance / max(draw.weights.numel(), 1))
        draw.seen.measure(f"mean of weights {draw.shape}", f"{float(draw.weights.mean()):.3g}",
                          f"0 ± {reach:.2g}")
    for draw, score in zip(draws, scores, strict=True):
        if not score.holds:
            positive = all(bool((d.weights >= 0).all()) and bool((d.weights > 0).any()) for d in draws)
            fail(f"Weights of shape {draw.shape} have mean {float(draw.weights.mean()):.3g}; expected 0. "
                 f"That is {abs(score.value):.0f} standard errors from it.",
                 MEAN_FOR_STD if fits(draws, SWAPPED) else ONE_SIDED if positive else None)


@check(looks_at=(wide, tall, conv, turns, counts), points=4, false_alarms=RATE, read=HE_2015,
       hint="Work out the standard deviation of one weight from `fan_in` on paper, for two different shapes, "
            "and compare with `weight.std()`.")
def variance(*steps: Seen) -> None:
    """The weights have variance 2 / fan_in, whatever was filled before, with the fan_in that your own
    function counts."""
    *calls, turned, counted = steps
    draws = [*draws_of(*calls), *in_turn(turned)]
    own = by_own_count(draws, counted)
    if follow(draws, HE) or not holds_for_own_count(draws, own):
        expect_law(draws, HE, told=lambda: told_of(draws, own))


@check(looks_at=(wide, tall, conv), points=1, false_alarms=RATE,
       hint="Plot a histogram of the weights beside a bell curve of the same width.")
def gaussian(*steps: Seen) -> None:
    """The weights follow a normal law (the bell curve), whatever its standard deviation."""
    # One draw for each shape, and a wide band for the kurtosis (6 standard deviations): weights standardised
    # by row, which `signal-at-depth` is to see, have 3 - 6 / (fan_in + 1).
    draws = draws_of(*steps, calls=1)
    share = RATE / (len(draws) + 2)
    together = torch.cat([statistics.standardised(draw.weights) for draw in draws])
    follows = statistics.law(together, statistics.normal_law, false_alarm=share)
    kurtoses = {draw: statistics.moment_ratio(draw.weights, 4) for draw in draws}
    for draw, kurtosis in kurtoses.items():
        draw.seen.measure(f"kurtosis of weights {draw.shape}", f"{kurtosis:.3g}", "3")
    for draw in draws:
        ends = int((draw.weights.abs() == draw.weights.abs().max()).sum())
        if 2 < ends < draw.weights.numel() / 20:  # two: a draw of both signs; 4.6 % lie beyond two deviations
            fail(f"Of the weights of shape {draw.shape}, {ends} lie at exactly "
                 f"+-{float(draw.weights.abs().max()):.4g}: a normal law has no ends.", CUT_OFF)
    moments = [statistics.skewness(draw.weights, false_alarm=share) for draw in draws]
    moments += [statistics.kurtosis(draw.weights, false_alarm=2e-9) for draw in draws]
    if not all(score.holds for score in (follows, *moments)):
        named = the_one((d, statistics.law(together, law).holds) for d, law in (
            (UNIFORM, statistics.uniform_law), (TRUNCATED, statistics.truncated_law)))
        worst = max(draws, key=lambda draw: off_by(kurtoses[draw] / 3))
        steps[0].draw(bell(worst, HE, own_width=True))
        spread = SPREAD[named] if named else "not spread like a bell"
        fail(f"The weights of shape {worst.shape} have kurtosis {kurtoses[worst]:.3g} and skewness "
             f"{statistics.moment_ratio(worst.weights, 3):.3g}; expected 3 and 0. They are {spread}; the "
             f"normal law's distribution function is missed by up to {follows.value:.3f}.", named)


@check(looks_at=(wide, tall, conv, turns), points=2, false_alarms=RATE,
       hint="Call the function twice, and look at the tensors as images: are there stripes?")
def independent(*steps: Seen) -> None:
    """Every weight is a draw of its own: two calls differ, and so do rows, columns and neighbours. No seed is
    set."""
    *calls, afterwards = steps
    pairs = [brought(seen) for seen in calls]
    if all(torch.equal(first, second) for first, second in pairs):
        fail("Two calls in a row filled the tensor with exactly the same numbers.", SAME_DRAW)
    copied = copies([first for first, _ in pairs])
    if copied:
        fail(copied.meaning, copied)
    for first, second in pairs:
        expect_independent(first, second, false_alarm=RATE / len(pairs))
    expect_no_seed(afterwards)


@check(looks_at=(wide, sloped, turns), points=1, false_alarms=RATE, read=HE_2015,
       hint="Go through the derivation with max(z, a z) instead of max(z, 0): "
            "E[f(z)²] = (1 + a²) / 2 Var[z].")
def negative_slope(plain: Seen, leaky: Seen, turned: Seen) -> None:
    """With `negative_slope` a, positive or negative, the variance is 1 + a² times smaller than without; where
    it is left out, it is 0."""
    without, sloping = draws_of(plain, leaky)
    _, known = told_of([without])   # what is wrong without a slope is not asked for again
    expect_slope(SLOPE, without, sloping, known, false_alarm=RATE / 2)
    level = [draw for draw in in_turn(turned) if draw.shape == tuple(LEVEL)]
    for down in in_turn(turned, DOWN) if level else ():
        expect_slope(DOWN, level[0], down, known, false_alarm=RATE / 2)
    if follow([without], HE):   # else `variance` has seen it
        expect_no_default(turned)
    else:
        plain.follows("mean", "variance")


# --- he_truncated_normal_ ------------------------------------------------------------------------------

@check(looks_at=(wide_truncated, tall_truncated, conv_truncated, counts, truncated_turns), points=2,
       false_alarms=RATE, read="keras.initializers.HeNormal",
       hint="Draw with a standard deviation wider by 1 / 0.87962566, and draw again what is beyond two of "
            "them.")
def truncated(*steps: Seen) -> None:
    """`he_truncated_normal_` draws from a normal law cut off at two standard deviations, widened so that the
    variance is still 2 / fan_in: all weights lie within 2.2737 * sqrt(2 / fan_in). Each is a draw of its
    own."""
    *calls, counted, afterwards = steps
    for seen in calls:
        expect_filled(seen, NOT_IN_PLACE)
    share = RATE / 12
    draws = drawn(*calls)
    own = by_own_count(draws, counted)
    if not has_its_width(draws, false_alarm=4 * share) and holds_for_own_count(
            draws, own, kurtosis=statistics.TRUNCATED_MOMENTS[0]):
        draws = own
    units = in_units(draws)
    steps[0].measure("largest |weight| / sqrt(2 / fan_in)", f"{float(units.abs().max()):.4g}",
                     f"{EDGE:.4g} ± 0.1 %")
    for draw in draws if draws is not own else ():   # their own count's variance is in the table already
        measure_variance(draw, HE)
    steps[0].draw(cut_bell(units, HE))
    expect_no_pile(units, false_alarm=share)
    if not has_its_width(draws, false_alarm=4 * share):
        fail_law(draws, HE, told_of(draws, own))
    expect_cut(units, false_alarm=share)
    first, second = held(calls[-1])
    if torch.equal(first, second):
        fail("Two calls in a row filled the tensor with exactly the same numbers.", SAME_DRAW)
    expect_independent(first, second, false_alarm=3 * share)
    expect_no_old_numbers(afterwards, [SMALL] * TIMES)
    expect_all_apart(afterwards, SMALL, TIMES)
    if draws is not own:
        expect_small_ones_cut(afterwards, SMALL, TIMES, false_alarm=share)
    expect_no_seed(afterwards)


# --- init_weights --------------------------------------------------------------------------------------

@check(looks_at=(model, turns), points=2, false_alarms=RATE, errors=ERRORS,
       hint="`model.apply(f)` calls f with every module. Which kinds are to be filled, and which of them may "
            "have no bias? Parameters require a gradient: fill them under `torch.no_grad()`.")
def init_weights(seen: Seen, alone: Seen) -> None:
    """`model.apply(init_weights)` fills the weights of Linear and Conv1d, Conv2d, Conv3d layers with variance
    2 / fan_in, or as your own `he_normal_` fills them, sets their biases to zero, and leaves everything else
    as it was. Every Parameter is the same object afterwards."""
    before, after, own = (seen.mapping().mapping(name) for name in ("before", "after", "own"))
    expect_nothing_else(seen)
    draws = weights_of(seen, after, own)
    for name, draw in zip(WEIGHTS, draws, strict=True):
        measure_variance(draw, HE)
        if unchanged(before, after, name) and not unchanged(before, own, name):
            fail(f"{in_our_model(name)} was not filled: it holds what PyTorch put there.")
    expect_he_or_own(draws, seen, own)
    expect_own_draws(after, own)
    expect_no_seed(seen, "next", unless=alone)


# --- what it is all for: a net of 30 layers ------------------------------------------------------------

@check(looks_at=deep, points=2, false_alarms=RATE, read=HE_2015,
       hint="In every layer the spread is multiplied by sqrt(fan_in * variance / 2). What must the variance "
            "be to make that 1? The check `variance` looks at the same function.")
def signal_at_depth(seen: Seen) -> None:
    """In ReLU networks of 30 layers, 32 wide, the signal neither fades nor explodes."""
    spreads, (low, high) = run(seen).spreads, statistics.log_normal_bounds(**SIGNAL)
    seen.measure("standard deviation at layer 30", f"{spreads[-1]:.3g}", f"{low:.2g} to {high:.2g}")
    draw_signal(seen, low, high)
    if not keeps(seen, spreads[-1], SIGNAL):
        text, named = explained(seen)
        fail(f"At layer 30 the pre-activations have standard deviation {spreads[-1]:.3g}; with He's weights "
             f"it is between {low:.2g} and {high:.2g}.{text}", named)


@check(looks_at=deep, points=2, false_alarms=RATE, read=HE_2015,
       hint="Backwards, too, every layer multiplies by sqrt(n * variance / 2). The check `variance` looks at "
            "the same function.")
def gradient_at_depth(seen: Seen) -> None:
    """On its way back through 30 layers the gradient of the pre-activations keeps its size."""
    gradients, (low, high) = run(seen).gradients, statistics.log_normal_bounds(**GRADIENT)
    seen.measure("gradient at layer 1 / gradient at layer 30", f"{gradients[0]:.3g}",
                 f"{low:.2g} to {high:.2g}")
    draw_gradient(seen, low, high)
    if not keeps(seen, gradients[0], GRADIENT):
        text, named = explained(seen)
        fail(f"From layer 30 back to layer 1 the gradient is multiplied by {gradients[0]:.3g}; with He's "
             f"weights by {low:.2g} to {high:.2g}.{text}", named)
