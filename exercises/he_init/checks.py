"""What he_init promises, and what it says where a promise is broken.

He, Zhang, Ren, Sun 2015, "Delving deep into rectifiers", section 2.2, equations 10 and 14. Every statistical
check raises a false alarm at most once in a million judgings (statistics.RATE); the limits follow from the
sample sizes.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import torch
from torch import Tensor

from grader.spec import (
    RATE,
    Call,
    Diagnosis,
    Probe,
    Seen,
    check,
    curves,
    described,
    empty,
    fail,
    histogram,
    normal,
    statistics,
    tensor,
)

Shape = tuple[int, ...]
HE = "He, Zhang, Ren, Sun 2015, section 2.2, equations 10 and 14 (arXiv 1502.01852)"


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a Linear or Conv weight: channels times the entries of one kernel."""
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def he(shape: Shape) -> float:
    return 2 / fans(shape)[0]


# --- what is observed
# ---------------------------------------------------------------------------------------------- Tall and
# wide: where fan_in and fan_out are equal, half of all mistakes look right.

WIDE, TALL, CONV = (512, 128), (128, 512), (64, 32, 3, 3)

wide = Call("he_normal_", empty(*WIDE), times=2)    # two draws in one process: they must differ
tall = Call("he_normal_", empty(*TALL), times=2)
conv = Call("he_normal_", empty(*CONV), times=2)
# here squared, not squared and squared twice are 9 % apart or more
SLOPE = 0.8
SHRINKS = 1 / (1 + SLOPE**2)
sloped = Call("he_normal_", empty(*WIDE), SLOPE)
wide_truncated = Call("he_truncated_normal_", empty(*WIDE))
tall_truncated = Call("he_truncated_normal_", empty(*TALL))
conv_truncated = Call("he_truncated_normal_", empty(*CONV))

KERNELS = {"Linear": (7, 5), "Conv1d": (6, 4, 3), "Conv2d": (8, 3, 5, 2), "Conv3d": (4, 6, 2, 3, 5)}
fan_ins = tuple(Call("fan_in", empty(*shape)) for shape in KERNELS.values())
refusals = Probe("refusals", uses=("fan_in",), vector=empty(9), scalar=empty())

DEPTH, WIDTH, BATCH = 30, 256, 64
SQUARE = (WIDTH, WIDTH)
deep = Probe("deep_weights", uses=("he_normal_",), depth=DEPTH, width=WIDTH,
             others=[empty(*WIDE), empty(*TALL)], signal=normal(BATCH, WIDTH), gradient=normal(BATCH, WIDTH))

model = Probe("initialised_model", uses=("init_weights",))
WEIGHTS = {"line.weight": (96, 48, 5), "image.weight": (64, 24, 3, 5), "volume.weight": (64, 16, 2, 3, 4),
           "head.1.weight": (160, 400), "head.3.weight": (400, 160)}
BIASES = {"line.bias": (96,), "image.bias": (64,), "head.1.bias": (160,)}
OTHERS = ("upwards.weight", "upwards.bias", "batch_norm.weight", "batch_norm.bias", "batch_norm.running_mean",
          "batch_norm.running_var", "plain_norm.running_mean", "plain_norm.running_var", "layer_norm.weight",
          "layer_norm.bias", "embedding.weight", "widening.weight", "widening.bias", "group_norm.weight",
          "group_norm.bias", "slopes.weight", "pairs.weight", "pairs.bias")
LAYERS = {"line": "Conv1d", "image": "Conv2d", "volume": "Conv3d", "head.1": "Linear", "head.3": "Linear",
          "upwards": "ConvTranspose2d", "batch_norm": "BatchNorm2d", "plain_norm": "BatchNorm1d",
          "layer_norm": "LayerNorm", "embedding": "Embedding", "widening": "ConvTranspose1d",
          "group_norm": "GroupNorm", "slopes": "PReLU", "pairs": "Bilinear"}


def in_our_model(name: str, called: str = "") -> str:
    """A tensor of the probe's model, which no student has seen."""
    layer, _, what = name.rpartition(".")
    return f"The {called or what} of `{layer}` (a {LAYERS[layer]} in a model of ours)"


# --- what mistakes look like: the variance that each gives ---------------------------------------------

WIDTH_IS_SET = r"sqrt|\*\*\s*-?0?\.5|\bstd\s*="  # the line where most notebooks set it

LECUN = Diagnosis("lecun-scaling", "The variance is 1 / fan_in: LeCun's rule, without the factor 2 for ReLU.",
                  "ReLU sets half of its inputs to zero, so half of the signal's power is lost in every "
                  "layer. Which factor makes up for it?", HE, WIDTH_IS_SET)
XAVIER = Diagnosis("xavier-scaling", "The variance is 2 / (fan_in + fan_out): Xavier's (Glorot's) rule.",
                   "Xavier's rule is derived for activations that are linear around zero. Go through the "
                   "derivation again with ReLU: only fan_in is left.",
                   "Glorot & Bengio 2010, section 4.2; " + HE,
                           r"xavier|glorot|fan_out")
FAN_OUT = Diagnosis("fan-out", "The outputs were counted, not the inputs.",
                    "PyTorch keeps a Linear weight as (outputs, inputs). Which entry of the shape says how "
                    "many numbers one unit adds up?",
                    "torch.nn.Linear, `weight`: (out_features, in_features)",
                    r"(shape|size\(\))\[0\]|size\(0\)|fan_out")
VARIANCE_AS_STD = Diagnosis("variance-as-std",
                            "The standard deviation is 2 / fan_in: that should be the variance.",
                            "`normal_` takes a standard deviation. What is missing between a variance and a "
                            "standard deviation?", "torch.Tensor.normal_(mean, std)", r"normal_\(|randn\(")
MISSING_SQRT = Diagnosis("missing-sqrt", "The standard deviation is sqrt(2) / fan_in: the root covers the 2 "
                         "only.",
                         "The root belongs around the whole fraction: look at the brackets.", HE,
                         WIDTH_IS_SET)
DOUBLED = Diagnosis("doubled-variance", "The variance is 4 / fan_in: the standard deviation is 2 / "
                    "sqrt(fan_in).", "The 2 belongs under the root too.", HE, WIDTH_IS_SET)
FAN_AVERAGE = Diagnosis("fan-average", "The variance is 4 / (fan_in + fan_out): He's rule with the mean of "
                        "both.",
                        "He's rule holds with fan_in alone; the mean of both is Xavier's compromise.", HE)
DEFAULT = Diagnosis("pytorch-default", "The variance is 1 / (3 fan_in): what PyTorch's layers start with.",
                    "The default is U(-1/sqrt(fan_in), 1/sqrt(fan_in)). It shrinks the signal sixfold (in "
                    "variance) at every ReLU layer. Overwrite it.", "torch.nn.Linear, section Variables")
DEFAULT_OUT = Diagnosis("default-of-fan-out", "The variance is 1 / (3 fan_out): PyTorch's default range, "
                        "with the outputs for the inputs.", FAN_OUT.advice, FAN_OUT.read)
UNCORRECTED = Diagnosis("uncorrected-truncation",
                        "That is what truncating without rescaling leaves of 2 / fan_in.",
                        "Cutting off the tails makes a law narrower: at two standard deviations 0.8796 of "
                        "the width is left. Start wider by as much.",
                        "keras.initializers.HeNormal; tensorflow#19081", WIDTH_IS_SET)
STANDARD = Diagnosis("standard-normal", "The variance is 1 whatever the shape: N(0, 1) was not scaled.",
                     "A unit adds up fan_in such terms, so its output has variance fan_in. Scale the weights.", HE)
CONSTANT = Diagnosis("small-constant", "The standard deviation is the same for every shape.",
                     "The right width depends on how many inputs are added up: use fan_in.", HE)
MEAN_FOR_STD = Diagnosis("mean-for-std", "The mean is sqrt(2 / fan_in), the standard deviation is 1: they "
                         "are swapped.",
                         "The first positional argument of `normal_` is the mean. Name it: `normal_(0.0, "
                         "std)` or `normal_(std=std)`.", "torch.Tensor.normal_(mean=0, std=1)", r"normal_\(")
NO_FIELD = Diagnosis("receptive-field-ignored",
                     "Linear is right; of a convolution's kernel not all is counted.",
                     "A unit of a Conv2d sees in_channels * height * width numbers: one kernel for each "
                     "channel.", HE)
WHOLE = Diagnosis("whole-tensor", "All entries of the weight were counted as fan_in.",
                  "How many of the entries belong to one unit?", HE)
TANH_GAIN = Diagnosis("tanh-gain", "The gain is 5/3, which PyTorch recommends for tanh.",
                      "For ReLU the gain is sqrt(2).", "torch.nn.init.calculate_gain")
SELU_GAIN = Diagnosis("selu-gain", "The gain is 3/4, which PyTorch recommends for SELU.",
                      "For ReLU the gain is sqrt(2).", "torch.nn.init.calculate_gain")

Law = Callable[[Shape], float]

# Any two of them differ by 20 % or more on one of the shapes; the band is 3 %. What would not be told apart,
# such as a negative slope of 0.2 (-3.8 %) from tails cut off at three standard deviations (-2.7 %), is left
# out.
SCALINGS: tuple[tuple[Diagnosis, Law], ...] = (
    (LECUN, lambda s: 1 / fans(s)[0]),
    (XAVIER, lambda s: 2 / sum(fans(s))),
    (FAN_OUT, lambda s: 2 / fans(s)[1]),
    (FAN_OUT, lambda s: 2 / s[0]),
    (VARIANCE_AS_STD, lambda s: 4 / fans(s)[0] ** 2),
    (MISSING_SQRT, lambda s: 2 / fans(s)[0] ** 2),
    (DOUBLED, lambda s: 4 / fans(s)[0]),
    (FAN_AVERAGE, lambda s: 4 / sum(fans(s))),
    (DEFAULT, lambda s: 1 / (3 * fans(s)[0])),
    (DEFAULT_OUT, lambda s: 1 / (3 * fans(s)[1])),
    (DEFAULT_OUT, lambda s: 1 / (3 * s[0])),
    (UNCORRECTED, lambda s: statistics.TRUNCATED_STD**2 * he(s)),
    (STANDARD, lambda _: 1.0),
    (NO_FIELD, lambda s: 2 / s[1]),
    (NO_FIELD, lambda s: 2 / math.prod(s[1:3])),  # one side of the kernel only
    (WHOLE, lambda s: 2 / math.prod(s)),
    (TANH_GAIN, lambda s: 25 / 18 * he(s)),
    (SELU_GAIN, lambda s: 9 / 32 * he(s)),
)

# What each of them makes of the variance, in letters.
FORMULAS = {LECUN: "1 / fan_in", XAVIER: "2 / (fan_in + fan_out)", FAN_OUT: "2 / fan_out",
            VARIANCE_AS_STD: "(2 / fan_in)^2", MISSING_SQRT: "2 / fan_in^2", DOUBLED: "4 / fan_in",
            FAN_AVERAGE: "4 / (fan_in + fan_out)", DEFAULT: "1 / (3 fan_in)", DEFAULT_OUT: "1 / (3 fan_out)",
            STANDARD: "1"}


@dataclass(frozen=True, eq=False)
class Draw:
    """Weights that were drawn for a shape; several draws for one shape stand one below the other."""

    shape: Shape
    weights: Tensor
    name: str = "Weights"

    @cached_property
    def variance(self) -> float:
        return float(self.weights.var(correction=0))

    @property
    def freedom(self) -> int:
        return self.weights.numel() - 1

    @property
    def times_he(self) -> float:
        """The variance as a multiple of 2 / fan_in."""
        return self.variance / he(self.shape)


def follow(draws: list[Draw], law: Law, kurtosis: float = 3.0, false_alarm: float = RATE) -> bool:
    """The weights have the variance of this law, each shape and all together."""
    share = false_alarm / (len(draws) + 1)
    found = [(draw.variance / law(draw.shape), draw.freedom) for draw in draws]
    total = sum(freedom for _, freedom in found)
    found.append((sum(ratio * freedom for ratio, freedom in found) / total if total else math.nan, total))
    return all(statistics.variance_share(ratio, freedom, kurtosis=kurtosis, false_alarm=share).holds
               for ratio, freedom in found)


def fitting(draws: list[Draw]) -> list[Diagnosis]:
    """The misconceptions whose numbers these are, on all shapes within the statistical band."""
    if mean_for_std(draws):
        return [MEAN_FOR_STD]
    found = [diagnosis for diagnosis, law in SCALINGS if follow(draws, law)]
    if not found and len(draws) > 1:
        width = sum(draw.variance for draw in draws) / len(draws)
        constant = 0 < width < 0.5 and follow(draws, lambda _: width) and means_are(draws, lambda _: 0.0)
        found = [CONSTANT] if constant else []
    return list(dict.fromkeys(found))


def means_are(draws: list[Draw], law: Law, false_alarm: float = RATE) -> bool:
    """The weights have the mean of this law, each shape."""
    share = false_alarm / len(draws)
    return all(statistics.mean(draw.weights, law(draw.shape), false_alarm=share).holds for draw in draws)


def mean_for_std(draws: list[Draw]) -> bool:
    return follow(draws, lambda _: 1.0) and means_are(draws, lambda shape: math.sqrt(he(shape)))


def one_of(found: list[Diagnosis]) -> Diagnosis | None:
    """The one that fits. Where several do, none is named: never guess."""
    return found[0] if len(found) == 1 else None


# --- reading what came back ----------------------------------------------------------------------------

def held(seen: Seen, shape: Shape) -> list[Tensor]:
    """The weights passed in, as they were after each call, in float64."""
    return [tensor(seen.argument(0, call=i), shape, "The weight that was passed in")
            for i in range(seen.step.times)]


def drawn(*steps: Seen, shapes: Iterable[Shape] = (WIDE, TALL, CONV)) -> list[Draw]:
    """For each shape the weights of all its draws."""
    return [Draw(shape, apart(torch.cat(held(seen, shape)))) for seen,
            shape in zip(steps, shapes, strict=True)]


def apart(weight: Tensor) -> Tensor:
    """The weight with rows and columns that are copies of others counted once.

    Copies bring nothing new: counted as draws they would make chance look like a mistake in mean and
    variance. That they are copies is what `independent` sees.
    """
    rows = weight.flatten(1)
    if len(rows[:, 0].unique()) == rows.shape[0] and len(rows[0].unique()) == rows.shape[1]:
        return weight
    return rows.unique(dim=0).mT.unique(dim=0).mT


def in_place(seen: Seen, shape: Shape) -> None:
    """Fails where the tensor passed in does not hold the weights, or something else was returned."""
    name, given = seen.step.function, seen.given["0"]
    for i, returned in enumerate(seen.values):
        weight = seen.argument(0, call=i)
        tensor(weight, shape, f"After `{name}` the weight that was passed in")
        if weight.dtype is not given.dtype:
            fail(f"The weight that was passed in had dtype {given.dtype} and has {weight.dtype} after "
                 f"`{name}`.")
        unfilled = float((weight == given).double().mean())
        if unfilled == 1:
            fail(f"The weight of shape {shape} holds the same numbers after `{name}` as before.",
                 NOT_IN_PLACE if isinstance(returned, Tensor) and returned.shape == weight.shape else None)
        if not unfilled <= 1e-3:
            fail(f"{unfilled:.1%} of the weight of shape {shape} was not filled by `{name}`.")
        if returned is not None and not (isinstance(returned, Tensor) and equal(returned, weight)):
            fail(f"`{name}` returned {described(returned)} that is not the weight it filled.")


def equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())


NOT_IN_PLACE = Diagnosis("not-in-place", "New weights are returned, but the tensor passed in keeps its old "
                         "ones.",
                         "`model.apply` throws away what is returned. Write into the tensor: methods that "
                         "end in an underscore, such as `normal_` or `copy_`, do.", "torch.Tensor.copy_")


# --- fan_in --------------------------------------------------------------------------------------------

FANS: tuple[tuple[Diagnosis, Callable[[Shape], int]], ...] = (
    (FAN_OUT, lambda s: fans(s)[1]), (FAN_OUT, lambda s: s[0]),
    (NO_FIELD, lambda s: s[1]), (WHOLE, math.prod), (NO_FIELD, lambda s: math.prod(s[1:3])),
)


@check(looks_at=(*fan_ins, refusals), points=2,
       hint="A Linear weight is (outputs, inputs), a Conv weight (out_channels, in_channels, *kernel). Count "
       "the "
            "numbers that one unit adds up, as an int, and raise ValueError where there are fewer than two "
            "dimensions.")
def fan_in(*steps):
    """`fan_in` counts the inputs that feed one unit: of Linear, Conv1d, Conv2d and Conv3d weights. Weights
    with fewer than two dimensions raise ValueError."""
    *counts, refused = steps
    found = {}
    for seen, (layer, shape) in zip(counts, KERNELS.items(), strict=True):
        found[shape] = seen.value
        seen.measure(f"fan_in of a {layer} weight {shape}", described(seen.value), str(fans(shape)[0]))
        if isinstance(seen.value, bool) or not isinstance(seen.value, int):
            fail(f"`fan_in` of a {layer} weight returned {described(seen.value)}, not an int.")
        if not equal(tensor(seen.argument(), shape, "The weight"), seen.given["0"].double()):
            fail(f"`fan_in` changed the {layer} weight it was asked about.")
    if any(count != fans(shape)[0] for shape, count in found.items()):
        fits = [d for d, wrong in FANS if all(count == wrong(shape) for shape, count in found.items())]
        layer, shape = next((k, s) for k, s in KERNELS.items() if found[s] != fans(s)[0])
        fail(f"`fan_in` of a {layer} weight of shape {shape} is {found[shape]}; each of its units adds up "
             f"{fans(shape)[0]} inputs.", one_of(fits))
    for name, what in (("vector", "one dimension"), ("scalar", "no dimensions")):
        answer = part(refused.value, name)
        if answer.get("value_error") is not True:
            did = "raised" if "raised" in answer else "returned"
            fail(f"`fan_in` of a tensor with {what} {did} {str(answer.get(did))[:80]}; it should raise "
                 "ValueError.")


def part(value: Any, name: str) -> dict[Any, Any]:
    """A mapping within a mapping; empty where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


# --- he_normal_ ----------------------------------------------------------------------------------------

@check(looks_at=(wide, tall, conv), points=1, hint="Write into `weight` itself, then return it.")
def fills_in_place(*steps):
    """`he_normal_` fills the tensor it is given, all of it, and returns it (or nothing)."""
    for seen, shape in zip(steps, (WIDE, TALL, CONV), strict=True):
        in_place(seen, shape)


ONE_SIDED = Diagnosis("only-positive", "No weight is negative.",
                      "`rand` draws from [0, 1). The law must be symmetric around zero: use `randn` or "
                      "`normal_`.", "torch.randn", r"\brand(_like)?\(|abs")


@check(looks_at=(wide, tall, conv), points=1, after=fills_in_place, false_alarms=RATE,
       hint="The weights are drawn around zero: what is the mean of the law you draw from?")
def mean(*steps):
    """The weights have mean zero."""
    draws = drawn(*steps)
    scores = [statistics.mean(draw.weights, false_alarm=RATE / len(draws)) for draw in draws]
    for seen, draw, score in zip(steps, draws, scores, strict=True):
        reach = score.limit * math.sqrt(draw.variance / draw.weights.numel())
        seen.measure(f"mean of weights {draw.shape}", f"{float(draw.weights.mean()):.3g}", f"0 ± {reach:.2g}")
    for draw, score in zip(draws, scores, strict=True):
        if not score.holds:
            positive = all(float(d.weights.min()) >= 0 and float(d.weights.max()) > 0 for d in draws)
            fail(f"Weights of shape {draw.shape} have mean {float(draw.weights.mean()):.3g}, "
                 f"{abs(score.value):.0f} "
                 "standard errors from zero.",
                 MEAN_FOR_STD if mean_for_std(draws) else ONE_SIDED if positive else None)


@check(looks_at=(wide, tall, conv), points=4, after=fills_in_place, false_alarms=RATE, read=HE,
       hint="Work out the standard deviation of one weight from `fan_in` on paper, for two different shapes, "
       "and "
            "compare with `weight.std()`.")
def variance(*steps):
    """The weights have variance 2 / fan_in."""
    draws = drawn(*steps)
    holds = follow(draws, he)
    for seen, draw in zip(steps, draws, strict=True):
        seen.measure(f"variance of weights {draw.shape}", f"{draw.variance:.3g}",
                     f"2 / {fans(draw.shape)[0]} = {he(draw.shape):.3g}",
                     "" if holds else f"{times(draw.times_he)} what is expected")
    steps[0].draw(bell(draws[0] if holds else farthest_off(draws)))
    if not holds:
        fail_scaling(draws)


def fail_scaling(draws: list[Draw]) -> NoReturn:
    """Says which weights are farthest from 2 / fan_in, and what all of them correspond to, if
    just one thing."""
    named, worst = one_of(fitting(draws)), farthest_off(draws)
    fits = f" It fits {FORMULAS[named]}." if named in FORMULAS else ""
    fail(f"{worst.name} of shape {worst.shape} have variance {worst.variance:.3g}, {times(worst.times_he)} "
         "the " f"expected 2 / fan_in = {he(worst.shape):.3g}.{fits}", named)


def farthest_off(draws: list[Draw]) -> Draw:
    """Those whose variance is farthest from He's."""
    return max(draws, key=lambda draw: off(draw.times_he))


def times(ratio: float) -> str:
    """A ratio in words."""
    return next((word for word, share in (("half", 0.5), ("twice", 2.0)) if abs(ratio / share - 1) < 0.03),
                f"{ratio:.3g} times")


def off(ratio: float) -> float:
    """How far a ratio is from 1, on a scale where twice and half are equally far; what is no ratio is
    farthest."""
    return abs(math.log(ratio)) if 0 < ratio < math.inf else math.inf


def bell(draw: Draw, width: float = 0.0) -> Any:
    """The weights against the normal law they should follow, in units of He's standard deviation or their
    own."""
    x = draw.weights[:draw.shape[0]] / (width or math.sqrt(he(draw.shape)))
    units = "its own standard deviation" if width else "sqrt(2 / fan_in)"
    return histogram(f"Your weights of shape {draw.shape}, and the law they should follow",
                     f"How weight / {units} is spread. A bell of width 1 around 0 is expected; yours is "
                     f"{math.sqrt(float(x.var(correction=0))):.3g} wide around {float(x.mean()):.3g}.",
                     values=x, reach=4.5, x_label=f"weight / {units}",
                     density=lambda t: torch.exp(-t * t / 2) / math.sqrt(2 * math.pi))


UNIFORM = Diagnosis("uniform-instead-of-normal",
                    "That is a uniform law: all values between the bounds are as likely.",
                    "He's uniform law has the same variance and works as well, but here a normal law is "
                    "asked for: `randn` or `normal_`.", "torch.Tensor.normal_",
                    r"uniform_?\(|\brand(_like)?\(")
TRUNCATED = Diagnosis("truncated-instead-of-normal",
                      "That is the law of `he_truncated_normal_`: it has no tails.",
                      "A normal law has tails: of 65,536 draws a few lie beyond four standard deviations.",
                      "keras.initializers.HeNormal", r"clamp|clip|where\(|erfinv|ndtri|trunc|\bwhile\b")
SPREAD = {UNIFORM: "spread evenly between two bounds", TRUNCATED: "cut off at two standard deviations"}


@check(looks_at=(wide, tall, conv), points=1, after=fills_in_place, false_alarms=RATE,
       hint="Plot a histogram of the weights beside a bell curve of the same width.")
def gaussian(*steps):
    """The weights follow a normal law, whatever its width."""
    # One draw for each shape, and a wide band for the kurtosis (6 standard deviations): weights standardised
    # by row, which `signal-at-depth` is to see, have 3 - 6 / (fan_in + 1).
    draws = [Draw(shape, apart(held(seen, shape)[0])) for seen,
             shape in zip(steps, (WIDE, TALL, CONV), strict=True)]
    share = RATE / (len(draws) + 2)
    together = torch.cat([statistics.standardised(draw.weights) for draw in draws])
    follows = statistics.law(together, statistics.normal_law, false_alarm=share)
    moments = [statistics.skewness(draw.weights, false_alarm=share) for draw in draws]
    moments += [statistics.kurtosis(draw.weights, false_alarm=2e-9) for draw in draws]
    for seen, draw in zip(steps, draws, strict=True):
        seen.measure(f"kurtosis of weights {draw.shape}", f"{statistics.moment_ratio(draw.weights, 4):.3g}",
                     "3")
    if follows.holds and all(score.holds for score in moments):
        for draw in draws:
            weights = draw.weights.abs()
            ends = int((weights == weights.max()).sum())
            if ends > 2:  # two pass, as where each draw is used with both signs
                fail(f"Of the weights of shape {draw.shape}, {ends} lie at exactly "
                     f"+-{float(weights.max()):.4g}: " "a normal law has no ends.", CUT_OFF)
        return
    named = one_of([d for d, law in ((UNIFORM, statistics.uniform_law), (TRUNCATED, statistics.truncated_law))
                    if statistics.law(together, law).holds])
    worst = max(draws, key=lambda draw: off(statistics.moment_ratio(draw.weights, 4) / 3))
    steps[0].draw(bell(worst, math.sqrt(worst.variance)))
    spread = SPREAD[named] if named else "not spread like a bell"
    fail(f"The weights of shape {worst.shape} are {spread}. Their kurtosis is "
         f"{statistics.moment_ratio(worst.weights, 4):.3g} and their skewness "
         f"{statistics.moment_ratio(worst.weights, 3):.3g}, where a normal law has 3 and 0; its distribution "
         "function " f"is missed by up to {follows.value:.3f}.", named)


CUT_OFF = Diagnosis("tails-cut-off", "Weights far from zero were moved to a bound, and pile up there.",
                    "A normal law has tails: draw, scale, and leave what comes as it is.",
                    pattern=r"clamp|clip|minimum|maximum|where")
SAME_DRAW = Diagnosis("same-draw-every-time", "Each call starts the random numbers again from the same "
                      "place, so every layer would get the same weights.",
                      "Is a seed set inside the function? Set seeds once, outside.", "torch.manual_seed",
                      r"seed|Generator")
ROWS = Diagnosis("repeated-rows", "Rows of the weight are copies of one another.",
                 "Units with the same weights compute the same and learn the same. Draw every entry anew.",
                 "Goodfellow, Bengio, Courville 2016, section 8.4: initial parameters must break symmetry")
COLUMNS = Diagnosis("repeated-columns", "Columns of the weight are copies of one another.",
                    "A layer like that only sees the sum of its inputs. Draw every entry anew.", ROWS.read)


@check(looks_at=(wide, tall, conv), points=2, after=fills_in_place, false_alarms=RATE,
       hint="Call the function twice, and look at the tensors as images: are there stripes?")
def independent(*steps):
    """Every weight is a draw of its own: two calls differ, and so do rows, columns and neighbours."""
    pairs = [(shape, *held(seen, shape)) for seen, shape in zip(steps, (WIDE, TALL, CONV), strict=True)]
    share = RATE / (6 * len(pairs))
    if all(torch.equal(first, second) for _, first, second in pairs):
        fail("Two calls in a row filled the tensor with exactly the same numbers.", SAME_DRAW)
    copied = copies([first for _, first, _ in pairs])
    if copied:
        fail(copied.meaning, copied)
    for shape, first, second in pairs:
        matrix = (first - first.mean()).flatten(1)
        for what, rows in (("rows", matrix), ("columns", matrix.mT)):
            overlap, closest = statistics.row_likeness(rows, false_alarm=share)
            fail_unless(closest,
                        f"Two {what} of a weight of shape {shape} are all but the same, or opposite.")
            fail_unless(overlap, f"The {what} of a weight of shape {shape} are not drawn independently of "
                        "one another.")
            fail_unless(statistics.row_spread(rows, false_alarm=share),
                        f"Some {what} of a weight of shape {shape} are much wider or narrower than others.")
        fail_unless(statistics.neighbours(first, false_alarm=share),
                    f"Neighbours in a weight of shape {shape} are correlated.")
        fail_unless(statistics.agreement(first, second, false_alarm=share),
                    f"Two draws of shape {shape} are correlated: they are not drawn anew.")
        distinct = statistics.distinct_share(first.flatten()[:SOME])
        if not distinct > 0.95:
            fail(f"Only {distinct:.1%} of {SOME} numbers in a weight of shape {shape} are different from one "
                 "another.")


SOME = 4096  # numbers are enough to see that they repeat; of so many draws in float32 less than 0.1 % do


def fail_unless(score: statistics.Score, message: str) -> None:
    if not score.holds:
        fail(message)


def copies(weights: list[Tensor]) -> Diagnosis | None:
    """What is wrong where in every one of these weights some row, or some column, is an exact copy of
    another."""
    def repeats(rows: Tensor) -> bool:
        return len(rows[:, 0].unique()) < len(rows) and len(rows.unique(dim=0)) < len(rows)
    if all(repeats(w.flatten(1)) for w in weights):
        return ROWS
    return COLUMNS if all(repeats(w.flatten(1).mT) for w in weights) else None


IGNORED = Diagnosis("negative-slope-ignored", "The variance is the same with and without a negative slope.",
                    "A leaky ReLU lets a share of the negative side pass, so less has to be made up for: "
                    "2 / ((1 + a²) fan_in).", HE, "slope")
NOT_SQUARED = Diagnosis("slope-not-squared", "The variance is divided by 1 + a, not by 1 + a².",
                        "Variances add up with squared factors.", HE, r"\+.*slope|slope.*\+")
SQUARED_TWICE = Diagnosis("slope-applied-to-std",
                          "The standard deviation is divided by 1 + a², not the variance.",
                          "Take the root of the whole fraction.", HE, r"\+.*slope|slope.*\+")
UPSIDE_DOWN = Diagnosis("slope-times", "The variance grows with the slope, by 1 + a².",
                        "It belongs below the line.", HE)
SLOPES = {IGNORED: 1.0, NOT_SQUARED: 1 / (1 + SLOPE), SQUARED_TWICE: 1 / (1 + SLOPE**2)**2,
          UPSIDE_DOWN: 1 + SLOPE**2}


@check(looks_at=(wide, sloped), points=1, after=fills_in_place, false_alarms=RATE, read=HE,
       hint="Go through the derivation with max(z, a z) instead of max(z, 0): E[f(z)²] = (1 + a²) / 2 Var[z].")
def negative_slope(plain, leaky):
    """With a negative slope a, the variance is 1 + a² times smaller than without."""
    in_place(leaky, WIDE)
    (without,), (with_slope,) = drawn(plain, shapes=[WIDE]), drawn(leaky, shapes=[WIDE])
    ratio = with_slope.variance / without.variance if without.variance else math.nan
    leaky.measure(f"variance with slope {SLOPE} / variance without", f"{ratio:.3g}",
                  f"1 / (1 + {SLOPE}²) = {SHRINKS:.3g}")
    if statistics.variance_ratio(with_slope.weights, without.weights, SHRINKS).holds:
        return
    fits = [d for d, wrong in SLOPES.items()
            if statistics.variance_ratio(with_slope.weights, without.weights, wrong).holds]
    # what is wrong without a slope shows here too, and may look like a mistake of its own
    known = fitting([without])
    same = known == [MEAN_FOR_STD] or (known == [VARIANCE_AS_STD] and fits == [SQUARED_TWICE])
    fail(f"With negative_slope={SLOPE} the variance is {ratio:.3g} times that without; expected 1 / (1 + "
         f"{SLOPE}²) = {SHRINKS:.3g}.", known[0] if same else one_of(fits))


# --- he_truncated_normal_ ------------------------------------------------------------------------------

NOT_TRUNCATED = Diagnosis("not-truncated", "The weights have all their tails: nothing is cut off.",
                          "If you give bounds, mind their units: -2 and 2 are no bounds for weights of width "
                          "0.1. They must be multiples of the standard deviation.",
                          "keras.initializers.HeNormal", r"[<>]|clamp|clip")
CLAMPED = Diagnosis("clamped-truncation", "Weights are piled up on the two bounds: the tails were moved "
                    "there.", "Truncating means drawing again what falls outside, not moving it to the edge.",
                    "keras.initializers.TruncatedNormal: values outside are discarded and redrawn",
                    r"clamp|clip|minimum|maximum|where")


@check(looks_at=(wide_truncated, tall_truncated, conv_truncated), points=2, false_alarms=RATE,
       hint="Draw with a standard deviation wider by 1 / 0.87962566, and draw again what is beyond two of "
       "them.", read="keras.initializers.HeNormal")
def truncated(*steps):
    """`he_truncated_normal_` draws from a normal law cut off at two standard deviations, widened so that the
    variance is still 2 / fan_in: all weights lie within 2.2737 * sqrt(2 / fan_in)."""
    for seen, shape in zip(steps, (WIDE, TALL, CONV), strict=True):
        in_place(seen, shape)
    draws, edge, share = drawn(*steps), statistics.TRUNCATED_EDGE, RATE / 8
    units = torch.cat([(draw.weights / math.sqrt(he(draw.shape))).flatten() for draw in draws])
    farthest = float(units.abs().max())
    kurtosis = statistics.moment_ratio(units, 4)
    steps[0].measure("largest |weight| / sqrt(2 / fan_in)", f"{farthest:.4g}", f"{edge:.4g} ± 0.1 %")
    for seen, draw in zip(steps, draws, strict=True):
        seen.measure(f"variance of weights {draw.shape}", f"{draw.variance:.3g}",
                     f"2 / {fans(draw.shape)[0]} = {he(draw.shape):.3g}")
    steps[0].draw(cut_bell(units, farthest))
    on_edge = float((units.abs() >= farthest * (1 - 1e-6)).double().mean())
    if not statistics.at_edge(units, farthest, within=1e-6, known=1, false_alarm=share).holds:
        fail(f"{on_edge:.2%} of the weights lie exactly on the two bounds, where none should.",
             # 4.55 % of a normal law lie beyond two standard deviations
             CLAMPED if 0.04 < on_edge < 0.05 else None)
    if not follow(draws, he, statistics.TRUNCATED_MOMENTS[0], false_alarm=RATE / 2):
        fail_scaling(draws)
    own = statistics.standardised(units)
    if not abs(farthest / edge - 1) <= max(1e-3, statistics.short_of_edge(units.numel(), share)):
        endless = statistics.law(own, statistics.normal_law).holds and statistics.kurtosis(own).holds
        even = statistics.law(own, statistics.uniform_law).holds
        fail(f"The largest weight is {farthest:.4g} times sqrt(2 / fan_in); the law ends at {edge:.4g}.",
             NOT_TRUNCATED if endless else UNIFORM if even else None)
    follows = statistics.law(own, statistics.truncated_law, false_alarm=share)
    fail_unless(follows, "The weights do not follow the truncated normal law: their distribution function is "
                "off by up "
                         f"to {follows.value:.3f}.")
    fail_unless(statistics.kurtosis_like(units, statistics.TRUNCATED_MOMENTS, false_alarm=share),
                f"The weights have kurtosis {kurtosis:.3g}; the truncated normal law has "
                f"{statistics.TRUNCATED_MOMENTS[0]:.3g}.")


def cut_bell(units: Tensor, farthest: float) -> Any:
    """Truncated weights against the law they should follow, in units of He's standard deviation."""
    def density(t: Tensor) -> Tensor:
        z = t * statistics.TRUNCATED_STD
        bell = torch.exp(-z * z / 2) / math.sqrt(2
                                                 * math.pi) * statistics.TRUNCATED_STD / math.erf(math.sqrt(2))
        return torch.where(z.abs() <= 2, bell, torch.zeros_like(bell))
    return histogram("Your truncated weights, and the law they should follow",
                     "How the truncated weights are spread, in units of sqrt(2 / fan_in); they "
                     f"should end at 2.27 on both sides, and reach {farthest:.3g}.", values=units,
                     density=density, reach=4.5, x_label="weight / sqrt(2 / fan_in)")


# --- init_weights --------------------------------------------------------------------------------------

REPLACED = Diagnosis("parameter-replaced", "A parameter was replaced by another object.",
                     "An optimizer that was made before keeps the old one. Fill the parameter that is there.",
                     "torch.no_grad, and the methods that end in an underscore",
                     r"Parameter\(|\.(weight|bias)\s*=(?!=)")
FROZEN = Diagnosis("parameters-frozen",
                   "Parameters no longer require a gradient: they will never be trained.",
                   "Use `with torch.no_grad():` around the filling instead of switching requires_grad off.",
                   "torch.no_grad", "requires_grad")
BIAS = Diagnosis("bias-not-zero", "He's derivation starts from biases that are zero: they only shift the "
                 "signal.", "A bias has no fan_in. Fill it with zeros, where there is one.",
                 "He et al. 2015, section 2.2: b = 0", "bias")
TOUCHED = Diagnosis("touches-other-layers", "A layer that is neither Linear nor Conv1d, Conv2d or Conv3d was "
                    "changed.",
                    "Ask for the kind of the layer (isinstance), not whether it has a weight.",
                    "torch.nn.Module.apply", r"hasattr|getattr|isinstance")


@check(looks_at=model, points=2, false_alarms=RATE,
       hint="`model.apply(f)` calls f with every module. Which kinds are to be filled, and which of them may "
       "have no "
            "bias? Parameters require a gradient: fill them under `torch.no_grad()`.")
def init_weights(seen):
    """`model.apply(init_weights)` fills the weights of Linear and Conv1d, Conv2d, Conv3d layers with variance
    2 / fan_in, sets their biases to zero, and leaves everything else as it was: a Parameter stays the same
    one."""
    before, after, facts = (part(seen.value, name) for name in ("before", "after", "facts"))
    for name in (*WEIGHTS, *BIASES):
        fact = part(facts, name)
        if fact.get("same") is not True or fact.get("parameter") is not True:
            fail(f"{in_our_model(name)} is not the Parameter any more that it was.",
                 REPLACED if fact.get("parameter") is True else None)
        if fact.get("leaf") is not True or fact.get("requires_grad") is not True:
            fail(f"{in_our_model(name)} is no leaf that requires a gradient any more.",
                 FROZEN if fact.get("leaf") is True and fact.get("requires_grad") is False else None)
    for name, shape in {**WEIGHTS, **BIASES}.items():
        filled = tensor(after.get(name), shape, in_our_model(name))
        if after[name].dtype is not torch.float32:
            fail(f"{in_our_model(name)} had dtype torch.float32 and has {after[name].dtype} now.")
        if name in BIASES and not bool((filled == 0).all()):
            fail(f"{in_our_model(name)} is not zero: it reaches up to {float(filled.abs().max()):.3g}.", BIAS)
    for name in OTHERS:
        old, new = before.get(name), after.get(name)
        if not (isinstance(old, Tensor) and isinstance(new, Tensor) and equal(old, new)):
            fail(f"{in_our_model(name)} was changed; it belongs to none of the layers to be filled.", TOUCHED)
    draws = [Draw(shape, apart(after[name].double()), in_our_model(name, "weights")) for name,
             shape in WEIGHTS.items()]
    for name, draw in zip(WEIGHTS, draws, strict=True):
        seen.measure(f"variance of `{name}` {draw.shape}", f"{draw.variance:.3g}",
                     f"2 / {fans(draw.shape)[0]} = {he(draw.shape):.3g}")
        if isinstance(before.get(name), Tensor) and equal(before[name], after[name]):
            fail(f"{in_our_model(name)} was not filled: it holds what PyTorch put there.")
    if not follow(draws, he, false_alarm=RATE / 2):
        fail_scaling(draws)
    if not means_are(draws, lambda _: 0.0, false_alarm=RATE / 2):
        fail("The weights do not have mean zero.")


# --- what it is all for: a net of 30 layers ------------------------------------------------------------

# Over 11,000 seeds the logarithms are all but normal (skewness < 0.05, kurtosis 3.1), with medians 1.26 and
# 0.975 and standard deviations 0.333 and 0.160. The spreads below are a tenth larger: the heavier tails need
# half of that.
SIGNAL = {"median": 1.26, "spread": 0.367}
GRADIENT = {"median": 0.975, "spread": 0.176}
ROWS_SUM_TO_ZERO = Diagnosis("row-standardised", "Each row was given mean zero on its own.",
                             "After a ReLU all signals are positive, and rows that sum to zero cancel what "
                             "they have in common. Draw each weight for itself: the mean is zero on average "
                             "only.", HE)


def run_of(seen: Seen) -> tuple[list[Tensor], list[float], list[float]]:
    """The weights, the spread of the pre-activations by layer, and the size of their gradients relative to
    the last."""
    made_of = (seen.outcome, seen.arrays, seen.given)
    if not _run or any(a is not b for a, b in zip(_run[0], made_of, strict=True)):
        _run[:] = [made_of, _run_through(seen)]
    return _run[1]


# The last run, which two checks look at: 8 MB of weights are read and sent through the net once. The records
# it was made of are kept beside it, so that `is` cannot be fooled by an address that is used again.
_run: list[Any] = []


def _run_through(seen: Seen) -> tuple[list[Tensor], list[float], list[float]]:
    """Forward with PyTorch in float64, backward with its autograd, as z_1 = W_1 x, z_l = W_l
    relu(z_(l-1))."""
    found = seen.value.get("layers") if isinstance(seen.value, dict) else None
    if not isinstance(found, list) or len(found) != DEPTH:
        fail(f"There are not {DEPTH} weights to look at.")
    weights = [tensor(w, SQUARE, "A weight that was passed in") for w in found]
    with torch.enable_grad():
        signal = seen.given["signal"].double().requires_grad_()
        layers = [signal @ weights[0].mT]
        for weight in weights[1:]:
            layers.append(layers[-1].relu() @ weight.mT)
    last = seen.given["gradient"].double()
    with torch.enable_grad():
        loss = (layers[-1] * last).sum()  # its gradient there is `last`
    gradients = torch.autograd.grad(loss, layers)
    return (weights, [float(z.detach().std()) for z in layers],
            [float(g.norm() / last.norm()) for g in gradients])


def explained(seen: Seen, weights: list[Tensor]) -> tuple[str, Diagnosis | None]:
    """What the weights have to do with it: their width, and what has just this width, if anything.

    Two weights that are not square, filled after the thirty, tell apart what looks alike on square ones.
    """
    if all(torch.equal(w, weights[0]) for w in weights[1:]):
        return " All layers have the very same weights.", SAME_DRAW
    copied = copies(weights)
    if copied:
        return f" {copied.meaning}", copied
    draws = [Draw(SQUARE, torch.cat(weights))]
    if follow(draws, he):
        # 2 for independent weights
        sums = float(torch.stack([w.sum(dim=1).square().mean() for w in weights]).mean())
        return " The weights have variance 2 / fan_in.", ROWS_SUM_TO_ZERO if sums < 1e-3 else None
    if float(draws[0].weights.min()) >= 2 and float(draws[0].weights.max()) <= 3:
        return " The tensors that were passed in hold the numbers they held before.", None
    others = seen.value.get("others")
    for w, shape in zip(others if isinstance(others, list) else [], (WIDE, TALL), strict=False):
        draws.append(Draw(shape, tensor(w, shape, "A weight that was passed in")))
    named = one_of(fitting(draws)) if len(draws) == 3 else None
    fits = f" It fits {FORMULAS[named]}." if named in FORMULAS else ""
    return f" The weights have {times(draws[0].times_he)} the variance 2 / fan_in.{fits}", named


@check(looks_at=deep, points=2, false_alarms=RATE, read=HE,
       hint="In every layer the spread is multiplied by sqrt(fan_in * variance / 2). What must the variance "
       "be to make "
            "that 1? The check `variance` looks at the same function.")
def signal_at_depth(seen):
    """In a ReLU network of 30 layers, 256 wide, the signal neither fades nor explodes."""
    weights, spreads, _ = run_of(seen)
    low, high = statistics.log_normal_bounds(**SIGNAL)
    seen.measure("standard deviation at layer 30", f"{spreads[-1]:.3g}", f"{low:.2g} to {high:.2g}")
    seen.draw(curves("Signal by layer", f"The spread of the pre-activations from layer 1, {spreads[0]:.3g}, "
                     "to layer "
                     f"30, {spreads[-1]:.3g}; with He's weights it stays near 1.4.", x_label="layer",
                     y_label="standard deviation", yours=spreads, expected=[math.sqrt(2)] * DEPTH, log_y=True,
                     allowed=(DEPTH, low, high)))
    if statistics.log_normal(spreads[-1], **SIGNAL).holds:
        return
    text, named = explained(seen, weights)
    fail(f"At layer 30 the pre-activations have standard deviation {spreads[-1]:.3g}; with He's weights it "
         "is between " f"{low:.2g} and {high:.2g}.{text}", named)


@check(looks_at=deep, points=2, false_alarms=RATE, read=HE,
       hint="Backwards, too, every layer multiplies by sqrt(n * variance / 2). The check `variance` looks at "
       "the same "
            "function.")
def gradient_at_depth(seen):
    """On its way back through 30 layers the gradient of the pre-activations keeps its size."""
    weights, _, gradients = run_of(seen)
    low, high = statistics.log_normal_bounds(**GRADIENT)
    seen.measure("gradient at layer 1 / gradient at layer 30", f"{gradients[0]:.3g}",
                 f"{low:.2g} to {high:.2g}")
    seen.draw(curves("Gradient by layer", "The size of the gradient relative to the last layer's: "
                     f"{gradients[0]:.3g} " "at layer 1; with He's weights it stays near 1.", x_label="layer",
                     y_label="gradient / gradient at layer 30", yours=gradients, expected=[1.0] * DEPTH,
                     log_y=True, allowed=(1, low, high)))
    if statistics.log_normal(gradients[0], **GRADIENT).holds:
        return
    text, named = explained(seen, weights)
    fail(f"From layer 30 back to layer 1 the gradient is multiplied by {gradients[0]:.3g}; with He's weights "
         "by " f"{low:.2g} to {high:.2g}.{text}", named)
