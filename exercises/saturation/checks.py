"""Specification of `saturation`: why sigmoid nets stop learning, seen in numbers, and what to do about it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from grader.spec import (
    Call,
    Diagnosis,
    Probe,
    Seen,
    alike,
    check,
    close,
    curves,
    expect_number,
    expect_numbers,
    expect_tensor,
    fail,
    normal,
    numbers,
    tensor,
)

ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
               "leaky_relu": torch.nn.functional.leaky_relu}
NIELSEN = "Nielsen, Neural Networks and Deep Learning, ch. 5"
HE = "He et al. 2015, section 2.2"

# --- sigma'(z) -----------------------------------------------------------------------------------------

SIGMOID_ITSELF = Diagnosis("sigmoid-itself", "These are the values of the sigmoid, not of its derivative.",
                           "Differentiate 1 / (1 + exp(-z)) and write the result with sigma itself.")
FOR_AN_ACTIVATION = Diagnosis(
    "formula-of-the-activation", "This is z (1 - z): the formula for an activation a = sigma(z), used on z.",
    "a (1 - a) is right where a is sigma(z). Here z comes in, so the sigmoid has to be taken first.")
TANH_FORMULA = Diagnosis("tanh-formula", "This is 1 - sigma(z)^2: the shape of the formula for tanh.",
                         "tanh' = 1 - tanh^2, but sigma' = sigma (1 - sigma). At z = 0 it is 1/4.")
TANH_DERIVATIVE = Diagnosis("tanh-derivative", "This is the derivative of tanh.",
                            "At z = 0 sigma' is 1/4, tanh' is 1.")
WRONG_SIGN = Diagnosis("wrong-sign", "This is -sigma'(z).",
                       "The sigmoid rises everywhere: its derivative is positive.")
SQUARED = Diagnosis("squared-sigmoid", "This is sigma(z)^2: a factor exp(-z) was lost.",
                    "d/dz (1 + exp(-z))^-1 = exp(-z) (1 + exp(-z))^-2.")
OVERFLOW = Diagnosis("overflow", "exp(-z) overflows for z far below 0, and inf / inf is not a number.",
                     "torch.sigmoid never overflows: write the derivative with it.", "torch.sigmoid")

derivative_of = Call("sigmoid_derivative", normal(16, 32, std=3, dtype="float64"))
far_out = Call("sigmoid_derivative", torch.tensor([-1e4, -1000.0, -100.0, -90.0, -20.0, -1.0, 0.0, 1.0, 20.0,
                                                   90.0, 100.0, 1000.0, 1e4]))


@check(looks_at=derivative_of, points=2,
       hint="sigma(z) = 1 / (1 + exp(-z)). What is its derivative at z = 0?")
def derivative(seen: Seen) -> None:
    """`sigmoid_derivative(z)` is sigma'(z), entry by entry."""
    z = seen.given["0"]
    s = torch.sigmoid(z)
    # right to a few 1e-16 of the largest value, which is 1/4, in float64, and to some 1e-7 in float32, which
    # is fair
    expect_tensor(seen.value, s * (1 - s), rtol=1e-6, what="`sigmoid_derivative(z)`", otherwise={
        SIGMOID_ITSELF: s, FOR_AN_ACTIVATION: z * (1 - z), TANH_FORMULA: 1 - s * s, WRONG_SIGN: s * (s - 1),
        TANH_DERIVATIVE: 1 - torch.tanh(z) ** 2, SQUARED: s * s})


@check(looks_at=far_out, points=1, after=derivative, visible=False,
       hint="Try your function at z = -1000 and z = 1000. What does exp(1000) give?")
def derivative_far_out(seen: Seen) -> None:
    """sigma'(z) is a number for every z, however large, and falls to 0 on both sides."""
    z = seen.given["0"].double()
    got = tensor(seen.value, tuple(z.shape), "`sigmoid_derivative(z)`")
    if bool(got.isnan().any()):
        fail(f"`sigmoid_derivative` gives nan at z = {float(z[got.isnan()][0]):g}.", OVERFLOW)
    # float32: 1 - sigma(z) has an absolute error of 6e-8, so sigma' far out may be 0 or 1e-7
    expect_tensor(got, torch.sigmoid(z) * torch.sigmoid(-z), rtol=1e-6, what="`sigmoid_derivative(z)`")


# --- the saturated share -------------------------------------------------------------------------------

BOTH_ENDS = "A sigmoid saturates at 0 and at 1: count a < threshold and a > 1 - threshold."
UPPER_ONLY = Diagnosis("one-side-only", "Only the upper end was counted, a > 1 - threshold.", BOTH_ENDS)
LOWER_ONLY = Diagnosis("one-side-only", "Only the lower end was counted, a < threshold.", BOTH_ENDS)
COUNTED = Diagnosis("count-not-share", "This is the number of saturated entries, not their share.",
                    "Divide by the number of all entries.")
PER_ROW = Diagnosis("divided-by-batch", "The count was divided by the size of the first dimension.",
                    "len(a) is the batch size. a.numel() counts all entries; the mean of a mask does it at "
                    "once.")
PER_CENT = Diagnosis("per-cent", "This is the share in per cent.", "The share lies between 0 and 1.")
UNSATURATED = Diagnosis("unsaturated-share", "This is the share of entries that are *not* saturated.",
                        "Take the entries outside [threshold, 1 - threshold].")
PER_UNIT = Diagnosis("per-unit", "This is the share of units that are saturated for every input.",
                     "Count every entry by itself: one unit for one input.")
IGNORED = Diagnosis("threshold-ignored", "This is the share for the default threshold of 0.01.",
                    "Use the argument `threshold`.")
ON_DERIVATIVE = Diagnosis("threshold-on-derivative", "This is the share with a (1 - a) < threshold.",
                          "Compare the activations themselves with threshold and 1 - threshold.")
HALVED = Diagnosis("threshold-halved", "This is the share outside [threshold / 2, 1 - threshold / 2].",
                   "The threshold counts on each side by itself.")

activations_3d = Probe("fraction", uses=("saturated_fraction",), z=normal(3, 40, 50, std=4, dtype="float64"))
at_a_fifth = Probe("fraction", uses=("saturated_fraction",), z=normal(24, 40, std=3, dtype="float64"),
                   threshold=0.2)
SHARE_RTOL = 1e-5  # a mean of zeros and ones in float32; one entry more or less of 6,000 is 2e-4


def activations(z: torch.Tensor) -> torch.Tensor:
    """What the probe hands in: no entry on an edge, and more near 1 than near 0."""
    return torch.sigmoid(torch.round(20 * (z + 1)) / 20)


@check(looks_at=activations_3d, points=2, hint="Which entries lie below 0.01, which above 0.99? Of how many?")
def saturated_share(seen: Seen) -> None:
    """`saturated_fraction(a)` is the share of all entries of `a` below 0.01 or above 0.99."""
    a = activations(seen.given["z"])
    low, high = a < 0.01, a > 0.99
    both = low | high
    share = float(both.double().mean())
    expect_number(seen.value, share, rtol=SHARE_RTOL, what="`saturated_fraction(a)`", otherwise={
        UPPER_ONLY: float(high.double().mean()), LOWER_ONLY: float(low.double().mean()),
        COUNTED: float(both.sum()), PER_ROW: float(both.sum()) / len(a), PER_CENT: 100 * share,
        UNSATURATED: 1 - share, PER_UNIT: float(both.all(0).double().mean())})


@check(looks_at=at_a_fifth, points=1, after=saturated_share,
       hint="What should change when the threshold does?")
def threshold(seen: Seen) -> None:
    """With another `threshold` it is the share of entries below that threshold or above 1 - that
    threshold."""
    a = activations(seen.given["z"])

    def share(mask: torch.Tensor) -> float:
        return float(mask.double().mean())

    expect_number(seen.value, share((a < 0.2) | (a > 0.8)), rtol=SHARE_RTOL,
                  what="`saturated_fraction(a, threshold=0.2)`", otherwise={
                      IGNORED: share((a < 0.01) | (a > 0.99)), ON_DERIVATIVE: share(a * (1 - a) < 0.2),
                      HALVED: share((a < 0.1) | (a > 0.9))})


# --- the gradient's profile ----------------------------------------------------------------------------

WEIGHT_GRADIENTS = Diagnosis("weight-gradients", "These are the norms of the weights' gradients.",
                             "Asked for is the gradient at the pre-activation z of each hidden layer.",
                             NIELSEN)
BIAS_GRADIENTS = Diagnosis("bias-gradients", "These are the norms of the biases' gradients.",
                           "A bias sums the gradients of the whole batch. Keep them apart: take dL/dz itself.")
AFTER_ACTIVATION = Diagnosis(
    "activation-gradients", "These are the norms of the gradients after the activation, dL/da.",
    "The pre-activation z is what the linear layer gives, before the activation: there sigma' comes in.",
    NIELSEN)
WITH_OUTPUT = Diagnosis("output-layer-included", "The output layer is in the list too.",
                        "The last linear layer is not a hidden one: leave it out.")
REVERSED = Diagnosis("last-to-first", "These are the right numbers, last layer first.",
                     "A backward pass meets the last layer first. Turn the list round.")
MEAN_NOT_NORM = Diagnosis("mean-not-norm", "These are means of the entries' absolute values.",
                          "The L2 norm is the root of the sum of squares.", "torch.linalg.vector_norm")
ROOT_MEAN_SQUARE = Diagnosis("rms-not-norm", "These are roots of *means* of squares.",
                             "The L2 norm sums the squares; it does not average them.",
                             "torch.linalg.vector_norm")
SQUARED_NORM = Diagnosis("squared-norm", "These are the squares of the norms.", "Take the root.")
PER_SAMPLE = Diagnosis("per-sample-mean", "These are means, over the batch, of the norms for single inputs.",
                       "One norm over all entries of the batch's gradient.")
ACTIVATION_NORMS = Diagnosis("values-not-gradients", "These are the norms of the pre-activations themselves.",
                             "Call backward on the loss, then look at the gradient of z.")
UNDERFLOW = Diagnosis(
    "norm-underflow", "The squares of entries below 1e-23 are 0 in float32, so the norm comes out as 0 or "
    "imprecise.", "Turn the gradient to float64 before you take its norm: `grad.double().norm()`.")
LAYERS_MISSING = Diagnosis("layers-missing", "Hidden layers with another activation than the sigmoid are "
                           "missing.", "Look for the linear layers instead of one sort of activation.")
SQUARES_VANISH = 1e-18  # the squares of the 256 entries of such a gradient lie below float32's normal numbers
HOOKS_LEFT = Diagnosis("hooks-left", "Hooks are still on the model after the call.",
                       "register_forward_hook and its kin return a handle: call handle.remove() when you are "
                       "done.")
PILE_UP = Diagnosis("results-pile-up", "The second list holds the numbers of the first call as well.",
                    "A list made once, outside the call or as a default argument, is shared by all calls.")
CHANGED = Diagnosis("model-changed", "The model's parameters are not what they were.",
                    "Module.double() and Module.to() change the model itself: work on a copy.deepcopy of it.")


class Backward:
    """The gradients of one net under the mean squared error, by PyTorch's autograd in float64."""

    def __init__(self, given: Any, *, of_parameters: bool = False) -> None:
        weights = [w.double().clone().requires_grad_(of_parameters) for w in given["weights"]]
        biases = [b.double().clone().requires_grad_(of_parameters) for b in given["biases"]]
        a = given["x"].double().clone().requires_grad_()
        zs, activations = [], []
        for w, b, name in zip(weights, biases, [*given["activations"], None], strict=True):
            z = a @ w.T + b
            a = ACTIVATIONS[name](z) if name else z
            zs.append(z)
            activations.append(a)
        hidden = len(zs) - 1
        wanted = [*zs, *activations[:hidden],
                  *((*weights[:hidden], *biases[:hidden]) if of_parameters else ())]
        found = torch.autograd.grad(((a - given["target"].double()) ** 2).mean(), wanted)
        self.z = found[:hidden]
        self.output = found[hidden]
        self.a = found[hidden + 1:2 * hidden + 1]
        self.weights = found[2 * hidden + 1:3 * hidden + 1]
        self.biases = found[3 * hidden + 1:]
        self.values = [z.detach() for z in zs[:hidden]]


def norms(tensors: Sequence[torch.Tensor]) -> list[float]:
    return [float(t.double().norm()) for t in tensors]


def net(*widths: int, dtype: str, std: float, activations: Sequence[str]) -> dict[str, Any]:
    """Inputs of a probe: a net of these widths, a batch of eight, targets."""
    return {"weights": [normal(out, i, std=std, dtype=dtype) for i, out in pairwise(widths)],
            "biases": [normal(out, std=0.2, dtype=dtype) for out in widths[1:]],
            "activations": list(activations),
            "x": normal(8, widths[0], dtype=dtype), "target": normal(8, widths[-1], dtype=dtype)}


small_net = Probe("profile", uses=("gradient_profile",),
                  **net(12, 24, 16, 20, 3, dtype="float64", std=0.5, activations=["sigmoid"] * 3))
deep_net = Probe("profile", uses=("gradient_profile",),
                 **net(*[32] * 17, 1, dtype="float32", std=0.01, activations=["sigmoid"] * 16))
mixed_net = Probe("profile", uses=("gradient_profile",),
                  **net(10, 18, 14, 22, 2, dtype="float64", std=0.4,
                        activations=["tanh", "relu", "leaky_relu"]))
asked_twice = Probe("profile_twice", uses=("gradient_profile",),
                    **net(6, 9, 7, 2, dtype="float32", std=0.5, activations=["sigmoid"] * 2))


@check(looks_at=small_net, points=3, read=NIELSEN,
       hint="z is what a hidden nn.Linear gives. Keep each z, call retain_grad() on it, look at z.grad after "
       "backward.")
def profile(seen: Seen) -> None:
    """`gradient_profile` gives the L2 norm of dL/dz for the pre-activation z of each hidden layer, first to
    last."""
    truth = Backward(seen.given, of_parameters=True)
    want = norms(truth.z)
    got = numbers(seen.value, "`gradient_profile`'s list")
    for layer, expected in enumerate(want):
        measured = f"{got[layer]:.4g}" if layer < len(got) else "nothing"
        seen.measure(f"norm of dL/dz, hidden layer {layer + 1}", measured, f"{expected:.4g}")
    # float64: autograd's own sums differ by some 1e-15; the misconceptions lie per cents apart
    expect_numbers(got, want, rtol=1e-6, what="`gradient_profile`'s list", otherwise={
        WEIGHT_GRADIENTS: norms(truth.weights), BIAS_GRADIENTS: norms(truth.biases),
        AFTER_ACTIVATION: norms(truth.a), WITH_OUTPUT: [*want, *norms([truth.output])], REVERSED: want[::-1],
        MEAN_NOT_NORM: [float(g.abs().mean()) for g in truth.z],
        ROOT_MEAN_SQUARE: [float(g.square().mean().sqrt()) for g in truth.z],
        SQUARED_NORM: [n * n for n in want], PER_SAMPLE: [float(g.norm(dim=1).mean()) for g in truth.z],
        ACTIVATION_NORMS: norms(truth.values)})


@check(looks_at=deep_net, points=1, after=profile, hint="What is the square of 1e-25 in float32?")
def tiny_gradients(seen: Seen) -> None:
    """The profile is right where gradients are tiny: 16 sigmoid layers, weights from N(0,
    0.01^2), float32."""
    want = norms(Backward(seen.given).z)
    got = numbers(seen.value, "`gradient_profile`'s list")
    if len(got) == len(want):
        seen.draw(curves("Norm of dL/dz, layer by layer",
                         "The expected norm falls from the last layer to the first by about 70 for each "
                         "layer.",
                         x_label="hidden layer", y_label="norm of dL/dz", yours=got, expected=want,
                         log_y=True))
    # float32: each of 17 layers adds a relative error of some 1e-6
    underflown = len(got) == len(want) and 0.0 in got and all(
        close(g, w, 1e-3) or (w < SQUARES_VANISH and 0.0 <= g < 2 * w) for g,
        w in zip(got, want, strict=True))
    expect_numbers(got, want, rtol=1e-3, what="`gradient_profile`'s list",
                   otherwise={UNDERFLOW: got} if underflown else None)


@check(looks_at=mixed_net, points=1, after=profile, visible=False,
       hint="Try a net with nn.Tanh or nn.ReLU in place of nn.Sigmoid.")
def any_activation(seen: Seen) -> None:
    """`gradient_profile` works for any activation, not only the sigmoid."""
    want = norms(Backward(seen.given).z)
    got = numbers(seen.value, "`gradient_profile`'s list")
    expect_numbers(got, want, rtol=1e-6, what="`gradient_profile`'s list",
                   otherwise={LAYERS_MISSING: got} if len(got) < len(want) else None)


@check(looks_at=asked_twice, points=1, after=profile, visible=False,
       hint="Call it twice on the same model. Are there hooks left on the model, has anything been changed?")
def leaves_the_model_alone(seen: Seen) -> None:
    """Asked twice, `gradient_profile` answers the same, and the model keeps no hooks and all its
    parameters."""
    found = seen.value if isinstance(seen.value, dict) else {}
    first, second = (numbers(found.get(name), f"`gradient_profile`'s {name} list")
                     for name in ("first", "second"))
    before = [p for pair in zip(seen.given["weights"], seen.given["biases"], strict=True) for p in pair]
    after = found.get("parameters")
    kept = isinstance(after, list) and len(after) == len(before) and all(
        isinstance(a, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
        for a, b in zip(after, before, strict=True))
    if not kept or found.get("trainable") is not True:
        fail("After the call the model's parameters have other values, another dtype, or no longer require "
             "grad.", CHANGED)
    # the same sums in the same order; float32, and 1e-4 leaves room for another order
    if not alike(second, first, 1e-4):
        piled = len(second) > len(first) and alike(second[:len(first)], first, 1e-4)
        fail(f"The first call gave {len(first)} numbers; the second, on the same model, {len(second)} other "
             "ones."
             if len(first) != len(second) else "The second call on the same model gave other numbers.",
             PILE_UP if piled else None)
    expect_numbers(second, norms(Backward(seen.given).z), rtol=1e-3, what="`gradient_profile`'s second list")
    if found.get("hooks") != 0:
        fail(f"After two calls the model carries {found.get('hooks')} hooks.", HOOKS_LEFT)


# --- the remedy ----------------------------------------------------------------------------------------

ONE_SHORT = Diagnosis("one-layer-short", "There are `depth` linear layers in all, so one hidden layer is "
                      "missing.", "`depth` counts the hidden layers; the output layer comes on top.")
NO_ACTIVATION = Diagnosis("no-activation", "The net computes what its layers give without any activation.",
                          "Put an nn.ReLU after each hidden layer.")
RELU_ON_OUTPUT = Diagnosis("activation-on-output", "A ReLU stands after the output layer too.",
                           "The output layer has no activation: half of the outputs would be stuck at 0.")
STILL_SIGMOID = Diagnosis("still-sigmoid", "The hidden layers still have a sigmoid.",
                          "The remedy has nn.ReLU instead.", pattern="[Ss]igmoid")
STILL_TANH = Diagnosis("tanh-for-relu", "The hidden layers have tanh for an activation.",
                       "Here the remedy is nn.ReLU.", pattern="[Tt]anh")
XAVIER = Diagnosis("xavier-for-relu", "The weights have variance 1 / width: Xavier's, which leaves out the "
                   "ReLU.",
                   "A ReLU halves the signal's mean square, so the variance must be twice that: 2 / fan_in.",
                   HE, pattern="xavier|glorot")
DEFAULT = Diagnosis("pytorch-default", "The weights have variance 1 / (3 width): what nn.Linear starts with.",
                    "Initialise each weight with N(0, 2 / fan_in).", HE)
STANDARD_NORMAL = Diagnosis("standard-normal", "The weights have variance 1, as if from N(0, 1).",
                            "Their variance should be 2 / fan_in.", HE)
VARIANCE_AS_STD = Diagnosis("variance-as-std", "The weights' standard deviation is 2 / width.",
                            "2 / fan_in is to be the variance. The standard deviation is the root of the "
                            "variance.", HE)
DOUBLED = Diagnosis("doubled-variance", "The weights' variance is 4 / width, twice what it should be.",
                    "std = sqrt(2 / fan_in), not 2 / sqrt(fan_in).", HE)

WIDTH, DEPTH = 128, 30
# Over 1,500 draws of He's initialisation log(largest / smallest) has mean 0.46, standard deviation 0.18 and
# maximum 1.2 (uniform: 0.45, 0.17, 1.3), so that log 20 = 3.0 lies 14 standard deviations away; without the
# factor 2 it is 10.2 on average. False-alarm rate < 1e-6.
LEVEL = 20.0

small_remedy = Probe("remedied", uses=("remedy",), depth=4, width=24, x=normal(16, 24))
deep_remedy = Probe("remedied", uses=("remedy",), depth=DEPTH, width=WIDTH, x=normal(4, WIDTH))


def layers(value: Any, depth: int, width: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The weights and biases of a remedy with `depth` hidden layers, in float64; anything else fails."""
    found = value if isinstance(value, dict) else {}
    weights, biases = found.get("weights"), found.get("biases")
    if not isinstance(weights, list) or not isinstance(biases, list) or len(weights) != len(biases):
        fail("`remedy` gave no net with linear layers.")
    if len(weights) != depth + 1:
        fail(f"`remedy({depth}, {width})` has {len(weights)} linear layers; expected {depth} hidden ones and "
             "an output layer.", ONE_SHORT if len(weights) == depth else None)
    shapes = [(width, width)] * depth + [(1, width)]
    return ([tensor(w, s, f"Weight {i} of the remedy") for i,
             (w, s) in enumerate(zip(weights, shapes, strict=True))],
            [tensor(b, s[:1], f"Bias {i} of the remedy") for i,
             (b, s) in enumerate(zip(biases, shapes, strict=True))])


def forward(weights: Sequence[torch.Tensor], biases: Sequence[torch.Tensor], x: torch.Tensor,
            activation: Any) -> torch.Tensor:
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = activation(x @ w.T + b)
    return x @ weights[-1].T + biases[-1]


@check(looks_at=small_remedy, points=1, hint="Count the nn.Linear layers, and look at what follows each of "
       "them.")
def remedy_net(seen: Seen) -> None:
    """`remedy(depth, width)` has `depth` hidden layers of `width` units, a ReLU after each, and one linear
    output."""
    weights, biases = layers(seen.value, seen.given["depth"], seen.given["width"])
    x = seen.given["x"].double()
    outputs = [tensor(seen.value.get(name), (len(x), 1), "The remedy's output")
               for name in ("output", "mirrored")]

    def both(activation: Any) -> torch.Tensor:
        """The output with this activation, and the one with the last layer's sign turned."""
        output = forward(weights, biases, x, activation)
        return torch.cat([output, -output])

    want = both(torch.relu)
    if not bool(want.any()):
        fail("The remedy gives 0 for every input.")
    # five float32 layers of 24 terms: relative errors of some 1e-6 of the largest output
    expect_tensor(torch.cat(outputs), want, rtol=1e-4, what="The remedy's output", otherwise={
        NO_ACTIVATION: both(lambda z: z), RELU_ON_OUTPUT: torch.relu(want),
        STILL_SIGMOID: both(torch.sigmoid), STILL_TANH: both(torch.tanh)})


@check(looks_at=deep_remedy, points=2, after=remedy_net, read=HE, false_alarms=1e-6,
       hint="Plot the profile of remedy(30, 128). Is it level? Which variance must the weights have before a "
       "ReLU?")
def remedy_is_level(seen: Seen) -> None:
    """The gradients of `remedy(30, 128)` stay level: the largest norm in its profile is below 20 times the
    smallest."""
    weights, biases = layers(seen.value, seen.given["depth"], seen.given["width"])
    x = torch.randn(64, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    got = norms(Backward({"weights": weights, "biases": biases, "activations": ["relu"] * DEPTH, "x": x,
                          "target": torch.zeros(64, 1)}).z)
    ratio = max(got) / min(got) if min(got) > 0 and all(map(math.isfinite, got)) else math.inf
    fall = got[0] / got[-1] if got[-1] > 0 else math.nan
    # over DEPTH hidden layers; each layer's mean square is right to 1.1 % (16,384 weights), their median
    # better still
    scale = float(torch.stack([w.square().mean() for w in weights[:-1]]).median()) * WIDTH
    seen.measure("largest / smallest norm of dL/dz", f"{ratio:.3g}", f"less than {LEVEL:g}")
    seen.measure("mean square of the weights", f"{scale / WIDTH:.4g}", f"{2 / WIDTH:.4g}",
                 "2 / fan_in is expected")
    seen.draw(curves("Norm of dL/dz, layer by layer", "The expected curve is level.", x_label="hidden layer",
                     y_label="norm of dL/dz", yours=got, expected=[got[-1]] * DEPTH, log_y=True))
    if ratio < LEVEL:
        return
    named = [d for d, s in {XAVIER: 1.0, DEFAULT: 1 / 3, STANDARD_NORMAL: WIDTH, VARIANCE_AS_STD: 4 / WIDTH,
                            DOUBLED: 4.0}.items() if close(scale, s, 0.05)]
    fail(f"From the last hidden layer to the first the gradient's norm changes by a factor of {fall:.3g}; "
         "the largest " f"norm is {ratio:.3g} times the smallest.", named[0] if named else None)
