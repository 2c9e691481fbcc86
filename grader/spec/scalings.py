"""What first weights are drawn from: fans, laws of variance, and the misconceptions that lead to other laws.

LeCun, Bottou, Orr, Müller 1998, "Efficient BackProp", equation 16; Glorot & Bengio 2010, "Understanding the
difficulty of training deep feedforward neural networks", equation 12; He, Zhang, Ren, Sun 2015, "Delving deep
into rectifiers", equations 10 and 14.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from grader.spec.check import Diagnosis

Shape = tuple[int, ...]

HE_2015 = "He, Zhang, Ren, Sun 2015, section 2.2, equations 10 and 14 (arXiv 1502.01852)"


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a Linear or Conv weight: channels times the entries of one kernel.

    Args:
        shape: (outputs, inputs, *kernel), at least two entries, as PyTorch keeps them.
    """
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


# --- laws ----------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Law:
    """What weights are drawn from, as far as variance and mean go: functions of the weight's shape."""

    variance: Callable[[Shape], float]
    formula: str = ""                               # the variance in letters; empty where it is not told
    mean: Callable[[Shape], float] | None = None    # None: whatever it is

    def worked_out(self, shape: Shape) -> str:
        """The formula with this shape's numbers, and what it comes to: "2 / 128 = 0.0156"."""
        fan_in, fan_out = map(str, fans(shape))
        letters = self.formula.replace("fan_in", fan_in).replace("fan_out", fan_out)
        return f"{letters} = {self.variance(shape):.3g}"


Scaling = tuple[Diagnosis, Law]   # a misconception, and the law of the weights it leads to

HE = Law(lambda s: 2 / fans(s)[0], "2 / fan_in")   # He et al. 2015, equation 10
XAVIER = Law(lambda s: 2 / sum(fans(s)), "2 / (fan_in + fan_out)")   # Glorot & Bengio 2010, equation 12
DEFAULT = Law(lambda s: 1 / (3 * fans(s)[0]), "1 / (3 fan_in)")   # of PyTorch's Linear and Conv layers
SWAPPED = Law(lambda _: 1.0, mean=lambda s: math.sqrt(HE.variance(s)))   # std for mean, and mean for std


# --- misconceptions ------------------------------------------------------------------------------------

WIDTH_IS_SET = r"sqrt|\*\*\s*-?0?\.5|\bstd\s*="   # the line where most notebooks set it

LECUN_SCALING = Diagnosis(
    "lecun-scaling", "The variance is 1 / fan_in: LeCun's rule.",
    "LeCun's rule keeps the signal's size where no activation takes anything away. Go through the derivation "
    "of the rule that is asked for: what does it take in besides, and which factor does that bring?",
    HE_2015, WIDTH_IS_SET)
XAVIER_SCALING = Diagnosis(
    "xavier-scaling", "The variance is 2 / (fan_in + fan_out): Xavier's (Glorot's) rule.",
    "Xavier's rule is derived for activations that are linear around zero. Where He's is asked for, go "
    "through the derivation again with ReLU: only fan_in is left.",
    f"Glorot & Bengio 2010, section 4.2; {HE_2015}", r"xavier|glorot|fan_out")
FAN_OUT = Diagnosis(
    "fan-out", "The outputs were counted, not the inputs.",
    "PyTorch keeps a Linear weight as (outputs, inputs). Which entry of the shape says how many numbers one "
    "unit adds up?", "torch.nn.Linear, `weight`: (out_features, in_features)",
    r"(shape|size\(\))\[0\]|size\(0\)|fan_out")
VARIANCE_AS_STD = Diagnosis(
    "variance-as-std", "The standard deviation is what the variance should be.",
    "`normal_` takes a standard deviation. What is missing between a variance and a standard deviation?",
    "torch.Tensor.normal_(mean, std)", r"normal_\(|randn\(")
DOUBLED_VARIANCE = Diagnosis(
    "doubled-variance", "The variance is 4 / fan_in: the standard deviation is 2 / sqrt(fan_in).",
    "The 2 belongs under the root too.", HE_2015, WIDTH_IS_SET)
FAN_AVERAGE = Diagnosis(
    "fan-average",
    "The variance is 4 / (fan_in + fan_out): He's factor 2, over the mean of fan_in and fan_out.",
    "He's rule takes fan_in alone. The mean of both is Xavier's compromise, whose factor is 1.", HE_2015)
PYTORCH_DEFAULT = Diagnosis(
    "pytorch-default", "The variance is 1 / (3 fan_in): what PyTorch's layers start with.",
    "The default is U(-1/sqrt(fan_in), 1/sqrt(fan_in)). It shrinks the signal sixfold (in variance) at every "
    "ReLU layer. Is it really overwritten?", "torch.nn.Linear, section Variables")
STANDARD_NORMAL = Diagnosis(
    "standard-normal", "The variance is 1 whatever the shape: N(0, 1) was not scaled.",
    "A unit adds up fan_in such terms, so its output has variance fan_in. Scale the weights. If you have "
    "given a scale: the first positional argument of `normal_` is the mean. Name it: std=...",
    f"{HE_2015}; torch.Tensor.normal_(mean=0, std=1)")
MEAN_FOR_STD = Diagnosis(
    "mean-for-std", "The standard deviation is 1, and the mean is what the standard deviation should be.",
    "The first positional argument of `normal_` is the mean. Name it: `normal_(0.0, std)` or "
    "`normal_(std=std)`.", "torch.Tensor.normal_(mean=0, std=1)", r"normal_\(")
BIAS_NOT_ZERO = Diagnosis(
    "bias-not-zero", "He's derivation starts from biases that are zero: they only shift the signal.",
    "A bias has no fan_in. Fill it with zeros, where there is one.",
    "He et al. 2015, section 2.2: b = 0", "bias")

SCALINGS: tuple[Scaling, ...] = (   # what people draw from in place of He's law, or of Xavier's
    (LECUN_SCALING, Law(lambda s: 1 / fans(s)[0], "1 / fan_in")),
    (XAVIER_SCALING, XAVIER),
    (FAN_OUT, Law(lambda s: 2 / fans(s)[1], "2 / fan_out")),
    (VARIANCE_AS_STD, Law(lambda s: 4 / fans(s)[0] ** 2, "(2 / fan_in)^2")),
    (DOUBLED_VARIANCE, Law(lambda s: 4 / fans(s)[0], "4 / fan_in")),
    (FAN_AVERAGE, Law(lambda s: 4 / sum(fans(s)), "4 / (fan_in + fan_out)")),
    (PYTORCH_DEFAULT, DEFAULT),
    (STANDARD_NORMAL, Law(lambda _: 1.0, "1", mean=lambda _: 0.0)),
    (MEAN_FOR_STD, SWAPPED),
)
