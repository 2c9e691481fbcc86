"""The mistakes that he_init knows by name, beside those that all exercises on first weights share."""

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from grader.spec import (
    BIAS_NOT_ZERO,
    DOUBLED_VARIANCE,
    FAN_OUT,
    HE,
    HE_2015,
    LECUN_SCALING,
    PYTORCH_DEFAULT,
    SCALINGS,
    VARIANCE_AS_STD,
    WIDTH_IS_SET,
    Diagnosis,
    Draw,
    Law,
    Scaling,
    Shape,
    Told,
    correspondence,
    fans,
    fits,
    follow,
    repeats,
    statistics,
)

# --- fan_in, and the variance that each mistake gives --------------------------------------------------

MISSING_SQRT = Diagnosis(
    "missing-sqrt", "The standard deviation is sqrt(2) / fan_in: the root covers the 2 only.",
    "The root belongs around the whole fraction: look at the brackets.", HE_2015, WIDTH_IS_SET)
DEFAULT_OUT = Diagnosis(
    "default-of-fan-out",
    "The variance is 1 / (3 fan_out): PyTorch's default range, with the outputs for the inputs.",
    FAN_OUT.advice, FAN_OUT.read)
UNCORRECTED = Diagnosis(
    "uncorrected-truncation", "That is what truncating without rescaling leaves of 2 / fan_in.",
    "Cutting off the tails makes a law narrower: at two standard deviations 0.8796 of the width is left. "
    "Start wider by as much.", "keras.initializers.HeNormal; tensorflow#16344", WIDTH_IS_SET)
CONSTANT = Diagnosis(
    "small-constant", "The standard deviation is the same for every shape.",
    "The right width depends on how many inputs are added up: use fan_in.", HE_2015)
NO_FIELD = Diagnosis(
    "receptive-field-ignored", "Linear is right; of a convolution's kernel not all is counted.",
    "A unit of a Conv2d sees in_channels * height * width numbers: one kernel for each channel.", HE_2015)
WHOLE = Diagnosis(
    "whole-tensor", "All entries of the weight were counted as fan_in.",
    "How many of the entries belong to one unit?", HE_2015)
TANH_GAIN = Diagnosis(
    "tanh-gain", "The gain is 5/3, which PyTorch recommends for tanh.",
    "For ReLU the gain is sqrt(2).", "torch.nn.init.calculate_gain")
SELU_GAIN = Diagnosis(
    "selu-gain", "The gain is 3/4, which PyTorch recommends for SELU.",
    "For ReLU the gain is sqrt(2).", "torch.nn.init.calculate_gain")

LAST_ONLY = Diagnosis(
    "last-dimension", "The last entry of the shape alone was counted.",
    "It is the inputs of a Linear weight, but only one side of a convolution's kernel: multiply all entries "
    "after the first.", "torch.nn.Conv2d, `weight`: (out_channels, in_channels, height, width)",
    r"\[-1\]|size\(-1\)")
ALL_BUT_LAST = Diagnosis(
    "all-but-last", "All entries of the shape but the last were multiplied.",
    "That is fan_in where the outputs stand last, as in Keras. PyTorch keeps them first.",
    FAN_OUT.read, r"\[:-1\]")

Count = Callable[[Shape], int]
FANS: tuple[tuple[Diagnosis, Count], ...] = (
    (FAN_OUT, lambda s: fans(s)[1]), (FAN_OUT, lambda s: s[0]),
    (NO_FIELD, lambda s: s[1]), (WHOLE, math.prod), (NO_FIELD, lambda s: math.prod(s[1:3])),
    (LAST_ONLY, lambda s: s[-1]), (ALL_BUT_LAST, lambda s: math.prod(s[:-1])),
)


# What weights may follow in place of He's law. Any two of these differ by 20 % or more on one of the
# shapes; the band is 3 %. What would not be told apart, such as a negative slope of 0.2 (-3.8 %) from tails
# cut off at three standard deviations (-2.7 %), is left out.
KNOWN: tuple[Scaling, ...] = (
    *SCALINGS,
    (FAN_OUT, Law(lambda s: 2 / s[0], "2 / fan_out")),
    (MISSING_SQRT, Law(lambda s: 2 / fans(s)[0] ** 2, "2 / fan_in^2")),
    (DEFAULT_OUT, Law(lambda s: 1 / (3 * fans(s)[1]), "1 / (3 fan_out)")),
    (DEFAULT_OUT, Law(lambda s: 1 / (3 * s[0]), "1 / (3 fan_out)")),
    (UNCORRECTED, Law(lambda s: statistics.TRUNCATED_STD**2 * HE.variance(s))),
    (NO_FIELD, Law(lambda s: 2 / s[1])),
    (NO_FIELD, Law(lambda s: 2 / math.prod(s[1:3]))),   # one side of the kernel only
    (WHOLE, Law(lambda s: 2 / math.prod(s))),
    (LAST_ONLY, Law(lambda s: 2 / s[-1])),
    (ALL_BUT_LAST, Law(lambda s: 2 / math.prod(s[:-1]))),
    (TANH_GAIN, Law(lambda s: 25 / 18 * HE.variance(s))),
    (SELU_GAIN, Law(lambda s: 9 / 32 * HE.variance(s))),
)


OF_KERNELS = (NO_FIELD, LAST_ONLY, ALL_BUT_LAST)   # mistakes that no Linear weight shows


def _kernels(draws: Sequence[Draw]) -> bool:
    return any(len(draw.shape) > 2 for draw in draws)


def scalings(draws: Sequence[Draw]) -> tuple[Scaling, ...]:
    """The known ones; where these draws follow none of them, the one small width for all shapes, too."""
    width = sum(draw.variance * draw.freedom for draw in draws) / max(sum(d.freedom for d in draws), 1)
    known = tuple(one for one in KNOWN if _kernels(draws) or one[0] not in OF_KERNELS)
    if len(draws) == 1 or not 0 < width < 0.5 or any(fits(draws, law) for _, law in known):
        return known
    return *known, (CONSTANT, Law(lambda _: width, mean=lambda _: 0.0))


# Two mistakes at once: what is counted, and what is made of the count n.
WIDTHS: tuple[tuple[Diagnosis, Callable[[int], float], str], ...] = (
    (LECUN_SCALING, lambda n: 1 / n, "1 / n"), (DOUBLED_VARIANCE, lambda n: 4 / n, "4 / n"),
    (VARIANCE_AS_STD, lambda n: 4 / n**2, "(2 / n)^2"), (MISSING_SQRT, lambda n: 2 / n**2, "2 / n^2"),
    (PYTORCH_DEFAULT, lambda n: 1 / (3 * n), "1 / (3 n)"), (TANH_GAIN, lambda n: 25 / (9 * n), "25 / (9 n)"),
    (SELU_GAIN, lambda n: 9 / (16 * n), "9 / (16 n)"))


def told_of(draws: Sequence[Draw], own: Sequence[Draw] = ()) -> Told:
    """What the weights correspond to: one misconception, or two that are made at once, or one for each kind
    of layer; else nothing.

    Args:
        own: the same draws, as if the student's `fan_in` counted right.
    """
    text, named = correspondence(draws, scalings(draws))
    if not named and own:
        text, named = correspondence(own, scalings(own))
        text = f"{text.rstrip('.')} for what your `fan_in` counts." if text else ""
    return (text, named) if named else _two_at_once(draws) or _by_kind(draws)


def _two_at_once(draws: Sequence[Draw]) -> Told | None:
    fitting = {(counted.id, made.id): (f" Two things are off: it fits {formula}, where n is not fan_in. "
                                       f"{counted.meaning} And with n for fan_in: {made.meaning}", counted)
               for counted, count in FANS for made, width, formula in WIDTHS
               if (_kernels(draws) or counted not in OF_KERNELS) and fits(draws, _law_of(count, width))}
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def _law_of(count: Count, width: Callable[[int], float]) -> Law:
    return Law(lambda s: width(count(s)))


def _by_kind(draws: Sequence[Draw]) -> Told:
    """Each kind of layer by itself."""
    flat, deep = [d for d in draws if len(d.shape) == 2], [d for d in draws if len(d.shape) > 2]
    if not flat or not deep:
        return "", None
    told = []
    for kind, group in (("convolutions", deep), ("Linear layers", flat)):
        if follow(group, HE):
            continue
        named = correspondence(group, scalings(group))[1]
        if named is None:
            return "", None
        told.append((f" In {kind}: {named.meaning}", named))
    return ("".join(text for text, _ in told), told[0][1]) if told else ("", None)


# --- he_normal_ ----------------------------------------------------------------------------------------

NOT_IN_PLACE = Diagnosis(
    "not-in-place", "New weights are returned, but the tensor passed in keeps its old ones.",
    "`model.apply` throws away what is returned. Write into the tensor: methods that end in an underscore, "
    "such as `normal_` or `copy_`, do.", "torch.Tensor.copy_")
ONE_SIDED = Diagnosis(
    "only-positive", "No weight is negative.",
    "`rand` draws from [0, 1). The law must be symmetric around zero: use `randn` or `normal_`.",
    "torch.randn", r"\brand(_like)?\(|abs")
UNIFORM = Diagnosis(
    "uniform-instead-of-normal", "That is a uniform law: all values between the bounds are as likely.",
    "He's uniform law has the same variance and works as well, but here a normal law is asked for: `randn` "
    "or `normal_`.", "torch.Tensor.normal_", r"uniform_?\(|\brand(_like)?\(")
TRUNCATED = Diagnosis(
    "truncated-instead-of-normal", "That is the law of `he_truncated_normal_`: it has no tails.",
    "A normal law has tails: of 65,536 draws a few lie beyond four standard deviations.",
    "keras.initializers.HeNormal", r"clamp|clip|where\(|erfinv|ndtri|trunc|\bwhile\b")
SPREAD = {UNIFORM: "spread evenly between two bounds", TRUNCATED: "cut off at two standard deviations"}
CUT_OFF = Diagnosis(
    "tails-cut-off", "Weights far from zero were moved to a bound, and pile up there.",
    "A normal law has tails: draw, scale, and leave what comes as it is.",
    pattern=r"clamp|clip|minimum|maximum|where")
SAME_DRAW = Diagnosis(
    "same-draw-every-time",
    "Each call starts the random numbers again from the same place, so every layer would get the same "
    "weights.",
    "Is a seed set inside the function? Set seeds once, outside.", "torch.manual_seed", r"seed|Generator")
OLD_NUMBERS = Diagnosis(
    "old-numbers", "What the weight held before is still in it.",
    "torch.empty hands out memory as it is, and NaN times 0 is NaN. Overwrite: `normal_` and `copy_` do.",
    "torch.empty", r"mul_\(|\*=|\+=|add_\(")
ROWS = Diagnosis(
    "repeated-rows", "Rows of the weight are copies of one another.",
    "Units with the same weights compute the same and learn the same. Draw every entry anew.",
    "Goodfellow, Bengio, Courville 2016, section 8.4: initial parameters must break symmetry")
COLUMNS = Diagnosis(
    "repeated-columns", "Columns of the weight are copies of one another.",
    "A layer like that only sees the sum of its inputs. Draw every entry anew.", ROWS.read)
ROWS_SUM_TO_ZERO = Diagnosis(
    "row-standardised", "Each row was given mean zero on its own.",
    "After a ReLU all signals are positive, and rows that sum to zero cancel what they have in common. Draw "
    "each weight for itself: the mean is zero on average only.", HE_2015)

IGNORED = Diagnosis(
    "negative-slope-ignored", "The variance is the same with and without a negative slope.",
    "A leaky ReLU lets a share of the negative side pass, so less has to be made up for: 2 / ((1 + a²) "
    "fan_in).", HE_2015, "slope")
NOT_SQUARED = Diagnosis(
    "slope-not-squared", "The variance is divided by 1 + a, not by 1 + a².",
    "Variances add up with squared factors.", HE_2015, r"\+.*slope|slope.*\+")
SQUARED_TWICE = Diagnosis(
    "slope-applied-to-std", "The standard deviation is divided by 1 + a², not the variance.",
    "Take the root of the whole fraction.", HE_2015, r"\+.*slope|slope.*\+")
UPSIDE_DOWN = Diagnosis(
    "slope-times", "The variance grows with the slope, by 1 + a².",
    "It belongs below the line.", HE_2015)

# What the variance is multiplied by, for a slope a.
SLOPES: Mapping[Diagnosis, Callable[[float], float]] = {
    IGNORED: lambda _: 1.0, NOT_SQUARED: lambda a: 1 / (1 + a), SQUARED_TWICE: lambda a: 1 / (1 + a**2)**2,
    UPSIDE_DOWN: lambda a: 1 + a**2}


def copies(weights: Sequence[Tensor]) -> Diagnosis | None:
    """What is wrong where each of these weights has rows, or each has columns, that are copies of others."""
    if all(repeats(w.flatten(1)) for w in weights):
        return ROWS
    return COLUMNS if all(repeats(w.flatten(1).mT) for w in weights) else None


# --- he_truncated_normal_ ------------------------------------------------------------------------------

NOT_TRUNCATED = Diagnosis(
    "not-truncated", "The weights have all their tails: nothing is cut off.",
    "If you give bounds, mind their units: -2 and 2 are no bounds for weights of width 0.1. They must be "
    "multiples of the standard deviation.", "keras.initializers.HeNormal", r"[<>]|clamp|clip")
CLAMPED = Diagnosis(
    "clamped-truncation", "Weights are piled up on the two bounds: the tails were moved there.",
    "Truncating means drawing again what falls outside, not moving it to the edge.",
    "keras.initializers.TruncatedNormal: values outside are discarded and redrawn",
    r"clamp|clip|minimum|maximum|where")

# --- init_weights --------------------------------------------------------------------------------------

REPLACED = Diagnosis(
    "parameter-replaced", "A parameter was replaced by another object.",
    "An optimizer that was made before keeps the old one. Fill the parameter that is there.",
    "torch.no_grad, and the methods that end in an underscore", r"Parameter\(|\.(weight|bias)\s*=(?!=)")
FROZEN = Diagnosis(
    "parameters-frozen", "Parameters no longer require a gradient: they will never be trained.",
    "Use `with torch.no_grad():` around the filling instead of switching requires_grad off.", "torch.no_grad",
    "requires_grad")
TOUCHED = Diagnosis(
    "touches-other-layers", "A layer that is neither Linear nor Conv1d, Conv2d or Conv3d was changed.",
    "Ask for the kind of the layer (isinstance), not whether it has a weight.", "torch.nn.Module.apply",
    r"hasattr|getattr|isinstance")
NO_BIAS = Diagnosis(
    "bias-is-none", "A layer made with bias=False has None for a bias.",
    "Ask `if module.bias is not None` before filling it.", "torch.nn.Linear, parameter `bias`", r"\.bias")
NO_GRAD = Diagnosis(
    "no-grad-missing", "PyTorch refuses to write into a parameter that requires a gradient.",
    "Fill it under `with torch.no_grad():`, so that the filling is no part of any computation.",
    "torch.no_grad", r"_\(")
BIAS_HAS_NO_FAN = Diagnosis(
    "bias-through-he", "A bias was handed to `he_normal_`: with one dimension it has no fan_in.",
    BIAS_NOT_ZERO.advice, BIAS_NOT_ZERO.read, r"he_normal_\(.*bias")
GROUPS = Diagnosis(
    "groups-ignored", "A convolution in groups was taken for one without.",
    "There a unit sees in_channels / groups channels: `weight.shape[1]` says how many.",
    "torch.nn.Conv2d, `weight`", r"in_channels")
DILATED = Diagnosis(
    "dilation-counted", "The stretch of a dilated kernel was counted, not its entries.",
    "Between the entries of a dilated kernel nothing is added up.", "torch.nn.Conv2d, `dilation`", "dilation")
# words of an error -> what they show
ERRORS = {"ValueError": BIAS_HAS_NO_FAN,
          "'NoneType' object has no attribute": NO_BIAS,
          "'NoneType' object is not": NO_BIAS,
          "leaf Variable that requires grad": NO_GRAD}
