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
    VARIANCE_AS_STD,
    Call,
    Probe,
    Seen,
    bell,
    check,
    correspondence,
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
    means_are,
    measure_variance,
    normal,
    off_by,
    statistics,
    tensor,
    the_one,
)

from .depth import BATCH, DEPTH, GRADIENT, SIGNAL, WIDTH, draw_gradient, draw_signal, explained, run
from .misconceptions import (
    CLAMPED,
    CUT_OFF,
    FANS,
    NOT_IN_PLACE,
    NOT_TRUNCATED,
    ONE_SIDED,
    SAME_DRAW,
    SLOPES,
    SPREAD,
    SQUARED_TWICE,
    TRUNCATED,
    UNIFORM,
    copies,
    scalings,
)
from .model import (
    WEIGHTS,
    expect_biases_zero,
    expect_others_unchanged,
    expect_same_parameters,
    in_our_model,
    unchanged,
    weights_of,
)

# --- what is observed ----------------------------------------------------------------------------------

# Tall and wide: where fan_in and fan_out are equal, half of all mistakes look right.
WIDE, TALL, CONV = SHAPES = ((512, 128), (128, 512), (64, 32, 3, 3))
wide, tall, conv = (Call("he_normal_", empty(*shape), times=2) for shape in SHAPES)   # two calls must differ
wide_truncated, tall_truncated, conv_truncated = (Call("he_truncated_normal_", empty(*shape))
                                                  for shape in SHAPES)
SLOPE = 0.8   # here squared, not squared and squared twice are 9 % apart or more
sloped = Call("he_normal_", empty(*WIDE), SLOPE)

KERNELS = {"Linear": (7, 5), "Conv1d": (6, 4, 3), "Conv2d": (8, 3, 5, 2), "Conv3d": (4, 6, 2, 3, 5)}
fan_ins = tuple(Call("fan_in", empty(*shape)) for shape in KERNELS.values())
refusals = Probe("refusals", uses=("fan_in",), vector=empty(9), scalar=empty())

deep = Probe("deep_weights", uses=("he_normal_",), depth=DEPTH, width=WIDTH,
             others=[empty(*WIDE), empty(*TALL)], signal=normal(BATCH, WIDTH), gradient=normal(BATCH, WIDTH))

model = Probe("initialised_model", uses=("init_weights",))


# --- fan_in --------------------------------------------------------------------------------------------

@check(looks_at=(*fan_ins, refusals), points=2,
       hint="A Linear weight is (outputs, inputs), a Conv weight (out_channels, in_channels, *kernel). Count "
            "the numbers that one unit adds up, as an int, and raise ValueError where there are fewer than "
            "two dimensions.")
def fan_in(*steps: Seen) -> None:
    """`fan_in` counts the inputs that feed one unit: of Linear, Conv1d, Conv2d and Conv3d weights. Weights
    with fewer than two dimensions raise ValueError."""
    *counts, refused = steps
    found: dict[tuple[int, ...], int] = {}
    for seen, (layer, shape) in zip(counts, KERNELS.items(), strict=True):
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
    for name, what in (("vector", "one dimension"), ("scalar", "no dimensions")):
        answer = refused.mapping().mapping(name)
        if answer.get("value_error") is not True:
            told = answer.get(did := "raised" if "raised" in answer else "returned")
            shown = told[:80] if isinstance(told, str) else described(told)
            fail(f"`fan_in` of a tensor with {what} {did} {shown}; it should raise ValueError.")


# --- he_normal_ ----------------------------------------------------------------------------------------

@check(looks_at=(wide, tall, conv), points=1, hint="Write into `weight` itself, then return it.")
def fills_in_place(*steps: Seen) -> None:
    """`he_normal_` fills the tensor it is given, all of it, and returns it (or nothing)."""
    for seen in steps:
        expect_filled(seen, NOT_IN_PLACE)


@check(looks_at=(wide, tall, conv), points=1, after=fills_in_place, false_alarms=RATE,
       hint="The weights are drawn around zero: what is the mean of the law you draw from?")
def mean(*steps: Seen) -> None:
    """The weights have mean zero."""
    draws = drawn(*steps)
    scores = [statistics.mean(draw.weights, false_alarm=RATE / len(draws)) for draw in draws]
    for draw, score in zip(draws, scores, strict=True):
        reach = score.limit * math.sqrt(draw.variance / draw.weights.numel())
        draw.seen.measure(f"mean of weights {draw.shape}", f"{float(draw.weights.mean()):.3g}",
                          f"0 ± {reach:.2g}")
    for draw, score in zip(draws, scores, strict=True):
        if not score.holds:
            positive = all(float(d.weights.min()) >= 0 and float(d.weights.max()) > 0 for d in draws)
            fail(f"Weights of shape {draw.shape} have mean {float(draw.weights.mean()):.3g}, "
                 f"{abs(score.value):.0f} standard errors from zero.",
                 MEAN_FOR_STD if fits(draws, SWAPPED) else ONE_SIDED if positive else None)


@check(looks_at=(wide, tall, conv), points=4, after=fills_in_place, false_alarms=RATE, read=HE_2015,
       hint="Work out the standard deviation of one weight from `fan_in` on paper, for two different shapes, "
            "and compare with `weight.std()`.")
def variance(*steps: Seen) -> None:
    """The weights have variance 2 / fan_in."""
    draws = drawn(*steps)
    expect_law(draws, HE, mistakes=scalings(draws))


@check(looks_at=(wide, tall, conv), points=1, after=fills_in_place, false_alarms=RATE,
       hint="Plot a histogram of the weights beside a bell curve of the same width.")
def gaussian(*steps: Seen) -> None:
    """The weights follow a normal law, whatever its width."""
    # One draw for each shape, and a wide band for the kurtosis (6 standard deviations): weights standardised
    # by row, which `signal-at-depth` is to see, have 3 - 6 / (fan_in + 1).
    draws = drawn(*steps, calls=1)
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
        fail(f"The weights of shape {worst.shape} are {spread}. Their kurtosis is {kurtoses[worst]:.3g} and "
             f"their skewness {statistics.moment_ratio(worst.weights, 3):.3g}, where a normal law has 3 and "
             f"0; its distribution function is missed by up to {follows.value:.3f}.", named)


@check(looks_at=(wide, tall, conv), points=2, after=fills_in_place, false_alarms=RATE,
       hint="Call the function twice, and look at the tensors as images: are there stripes?")
def independent(*steps: Seen) -> None:
    """Every weight is a draw of its own: two calls differ, and so do rows, columns and neighbours."""
    pairs = [held(seen) for seen in steps]
    if all(torch.equal(first, second) for first, second in pairs):
        fail("Two calls in a row filled the tensor with exactly the same numbers.", SAME_DRAW)
    copied = copies([first for first, _ in pairs])
    if copied:
        fail(copied.meaning, copied)
    for first, second in pairs:
        expect_independent(first, second, false_alarm=RATE / len(pairs))


@check(looks_at=(wide, sloped), points=1, after=fills_in_place, false_alarms=RATE, read=HE_2015,
       hint="Go through the derivation with max(z, a z) instead of max(z, 0): "
            "E[f(z)²] = (1 + a²) / 2 Var[z].")
def negative_slope(plain: Seen, leaky: Seen) -> None:
    """With a negative slope a, the variance is 1 + a² times smaller than without."""
    expect_filled(leaky, NOT_IN_PLACE)
    without, sloping = drawn(plain, leaky)
    shrinks = 1 / (1 + SLOPE**2)
    ratio = sloping.variance / without.variance if without.variance else math.nan
    leaky.measure(f"variance with slope {SLOPE} / variance without", f"{ratio:.3g}",
                  f"1 / (1 + {SLOPE}²) = {shrinks:.3g}")
    if statistics.variance_ratio(sloping.weights, without.weights, shrinks).holds:
        return
    named = the_one((d, statistics.variance_ratio(sloping.weights, without.weights, wrong(SLOPE)).holds)
                    for d, wrong in SLOPES.items())
    # what is wrong without a slope shows here too, and may look like a mistake of its own
    _, known = correspondence([without], scalings([without]))
    if known is MEAN_FOR_STD or (known is VARIANCE_AS_STD and named is SQUARED_TWICE):
        named = known
    fail(f"With negative_slope={SLOPE} the variance is {ratio:.3g} times that without; expected 1 / (1 + "
         f"{SLOPE}²) = {shrinks:.3g}.", named)


# --- he_truncated_normal_ ------------------------------------------------------------------------------

@check(looks_at=(wide_truncated, tall_truncated, conv_truncated), points=2, false_alarms=RATE,
       read="keras.initializers.HeNormal",
       hint="Draw with a standard deviation wider by 1 / 0.87962566, and draw again what is beyond two of "
            "them.")
def truncated(*steps: Seen) -> None:
    """`he_truncated_normal_` draws from a normal law cut off at two standard deviations, widened so that the
    variance is still 2 / fan_in: all weights lie within 2.2737 * sqrt(2 / fan_in)."""
    for seen in steps:
        expect_filled(seen, NOT_IN_PLACE)
    draws, edge, share = drawn(*steps), statistics.TRUNCATED_EDGE, RATE / 8
    units = torch.cat([(draw.weights / math.sqrt(HE.variance(draw.shape))).flatten() for draw in draws])
    farthest = float(units.abs().max())
    steps[0].measure("largest |weight| / sqrt(2 / fan_in)", f"{farthest:.4g}", f"{edge:.4g} ± 0.1 %")
    for draw in draws:
        measure_variance(draw, HE)
    steps[0].draw(cut_bell(units, HE))
    if not statistics.at_edge(units, farthest, within=1e-6, known=1, false_alarm=share).holds:
        on_edge = float((units.abs() >= farthest * (1 - 1e-6)).double().mean())
        fail(f"{on_edge:.2%} of the weights lie exactly on the two bounds, where none should.",
             # 4.55 % of a normal law lie beyond two standard deviations
             CLAMPED if 0.04 < on_edge < 0.05 else None)
    if not follow(draws, HE, kurtosis=statistics.TRUNCATED_MOMENTS[0], false_alarm=RATE / 2):
        fail_law(draws, HE, scalings(draws))
    own = statistics.standardised(units)
    if not abs(farthest / edge - 1) <= max(1e-3, statistics.short_of_edge(units.numel(), share)):
        endless = statistics.law(own, statistics.normal_law).holds and statistics.kurtosis(own).holds
        even = statistics.law(own, statistics.uniform_law).holds
        fail(f"The largest weight is {farthest:.4g} times sqrt(2 / fan_in); the law ends at {edge:.4g}.",
             the_one([(NOT_TRUNCATED, endless), (UNIFORM, even)]))
    follows = statistics.law(own, statistics.truncated_law, false_alarm=share)
    if not follows.holds:
        fail("The weights do not follow the truncated normal law: their distribution function is off by up "
             f"to {follows.value:.3f}.")
    if not statistics.kurtosis_like(units, statistics.TRUNCATED_MOMENTS, false_alarm=share).holds:
        fail(f"The weights have kurtosis {statistics.moment_ratio(units, 4):.3g}; the truncated normal law "
             f"has {statistics.TRUNCATED_MOMENTS[0]:.3g}.")


# --- init_weights --------------------------------------------------------------------------------------

@check(looks_at=model, points=2, false_alarms=RATE,
       hint="`model.apply(f)` calls f with every module. Which kinds are to be filled, and which of them may "
            "have no bias? Parameters require a gradient: fill them under `torch.no_grad()`.")
def init_weights(seen: Seen) -> None:
    """`model.apply(init_weights)` fills the weights of Linear and Conv1d, Conv2d, Conv3d layers with variance
    2 / fan_in, sets their biases to zero, and leaves everything else as it was: a Parameter stays the same
    one."""
    before, after, facts = (seen.mapping().mapping(name) for name in ("before", "after", "facts"))
    expect_same_parameters(facts)
    draws = weights_of(seen, after)
    expect_biases_zero(after)
    expect_others_unchanged(before, after)
    for name, draw in zip(WEIGHTS, draws, strict=True):
        measure_variance(draw, HE)
        if unchanged(before, after, name):
            fail(f"{in_our_model(name)} was not filled: it holds what PyTorch put there.")
    if not follow(draws, HE, false_alarm=RATE / 2):
        fail_law(draws, HE, scalings(draws))
    if not means_are(draws, lambda _: 0.0, false_alarm=RATE / 2):
        fail("The weights do not have mean zero.")


# --- what it is all for: a net of 30 layers ------------------------------------------------------------

@check(looks_at=deep, points=2, false_alarms=RATE, read=HE_2015,
       hint="In every layer the spread is multiplied by sqrt(fan_in * variance / 2). What must the variance "
            "be to make that 1? The check `variance` looks at the same function.")
def signal_at_depth(seen: Seen) -> None:
    """In a ReLU network of 30 layers, 256 wide, the signal neither fades nor explodes."""
    spreads, (low, high) = run(seen).spreads, statistics.log_normal_bounds(**SIGNAL)
    seen.measure("standard deviation at layer 30", f"{spreads[-1]:.3g}", f"{low:.2g} to {high:.2g}")
    draw_signal(seen, low, high)
    if not statistics.log_normal(spreads[-1], **SIGNAL).holds:
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
    if not statistics.log_normal(gradients[0], **GRADIENT).holds:
        text, named = explained(seen)
        fail(f"From layer 30 back to layer 1 the gradient is multiplied by {gradients[0]:.3g}; with He's "
             f"weights by {low:.2g} to {high:.2g}.{text}", named)
