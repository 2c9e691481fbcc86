"""Specification of `saturation`: why sigmoid nets stop learning, seen in numbers, and what to do about it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from grader.spec import (
    Call,
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
    the_one,
)

from .misconceptions import (
    ACTIVATION_NORMS,
    AFTER_ACTIVATION,
    BIAS_GRADIENTS,
    COUNTED,
    DEFAULT,
    DOUBLED,
    FORMULA_OF_ACTIVATION,
    HALVED,
    HE,
    HOOKS_LEFT,
    IGNORED,
    LAST_TO_FIRST,
    LAYERS_MISSING,
    LOWER_ONLY,
    MEAN_NOT_NORM,
    MODEL_CHANGED,
    NIELSEN,
    NO_ACTIVATION,
    ON_DERIVATIVE,
    ONE_SHORT,
    OVERFLOW,
    PER_CENT,
    PER_ROW,
    PER_SAMPLE,
    PER_UNIT,
    PILE_UP,
    RELU_ON_OUTPUT,
    ROOT_MEAN_SQUARE,
    SIGMOID_ITSELF,
    SQUARED_NORM,
    SQUARED_SIGMOID,
    STANDARD_NORMAL,
    STILL_SIGMOID,
    STILL_TANH,
    TANH_DERIVATIVE,
    TANH_FORMULA,
    UNDERFLOW,
    UNSATURATED,
    UPPER_ONLY,
    VARIANCE_AS_STD,
    WEIGHT_GRADIENTS,
    WITH_OUTPUT,
    WRONG_SIGN,
    XAVIER,
)
from .reference import Activation, Net, activations, backward, norms, share

SHARE_RTOL = 1e-5        # a mean of zeros and ones in float32; one entry more or less of 6,000 is 2e-4
SQUARES_VANISH = 1e-18   # the squares of such a gradient's 256 entries lie below float32's normal numbers
WIDTH, DEPTH = 128, 30   # of the remedy whose gradients are to be level
# Over 1,500 draws of He's initialisation log(largest / smallest) has mean 0.46, standard deviation 0.18 and
# maximum 1.2 (uniform: 0.45, 0.17, 1.3), so that log 20 = 3.0 lies 14 standard deviations away; without the
# factor 2 it is 10.2 on average. False-alarm rate < 1e-6.
LEVEL = 20.0

# --- what is observed ----------------------------------------------------------------------------------


def net_of(*widths: int, dtype: str, std: float, activations: Sequence[str]) -> dict[str, Any]:
    """Inputs of a probe: a net of these widths, a batch of eight, targets."""
    return {"weights": [normal(out, i, std=std, dtype=dtype) for i, out in pairwise(widths)],
            "biases": [normal(out, std=0.2, dtype=dtype) for out in widths[1:]],
            "activations": list(activations),
            "x": normal(8, widths[0], dtype=dtype), "target": normal(8, widths[-1], dtype=dtype)}


derivative_of = Call("sigmoid_derivative", normal(16, 32, std=3, dtype="float64"))
far_out = Call("sigmoid_derivative",
               torch.tensor([-1e4, -1000.0, -100.0, -90.0, -20.0, -1.0, 0.0,
                             1.0, 20.0, 90.0, 100.0, 1000.0, 1e4]))

activations_3d = Probe("fraction", uses=("saturated_fraction",), z=normal(3, 40, 50, std=4, dtype="float64"))
at_a_fifth = Probe("fraction", uses=("saturated_fraction",), z=normal(24, 40, std=3, dtype="float64"),
                   threshold=0.2)

small_net = Probe("profile", uses=("gradient_profile",),
                  **net_of(12, 24, 16, 20, 3, dtype="float64", std=0.5, activations=["sigmoid"] * 3))
deep_net = Probe("profile", uses=("gradient_profile",),
                 **net_of(*[32] * 17, 1, dtype="float32", std=0.01, activations=["sigmoid"] * 16))
mixed_net = Probe("profile", uses=("gradient_profile",),
                  **net_of(10, 18, 14, 22, 2, dtype="float64", std=0.4,
                           activations=["tanh", "relu", "leaky_relu"]))
asked_twice = Probe("profile_twice", uses=("gradient_profile",),
                    **net_of(6, 9, 7, 2, dtype="float32", std=0.5, activations=["sigmoid"] * 2))

small_remedy = Probe("remedied", uses=("remedy",), depth=4, width=24, x=normal(16, 24))
deep_remedy = Probe("remedied", uses=("remedy",), depth=DEPTH, width=WIDTH, x=normal(4, WIDTH))

# --- sigma'(z) -----------------------------------------------------------------------------------------


@check(looks_at=derivative_of, points=2,
       hint="sigma(z) = 1 / (1 + exp(-z)). What is its derivative at z = 0?")
def derivative(seen: Seen) -> None:
    """`sigmoid_derivative(z)` is sigma'(z), entry by entry."""
    z = seen.given["0"]
    s = torch.sigmoid(z)
    # right to a few 1e-16 of the largest value, 1/4, in float64, and to some 1e-7 in float32, which is fair
    expect_tensor(seen.value, s * (1 - s), rtol=1e-6, what="`sigmoid_derivative(z)`", otherwise={
        SIGMOID_ITSELF: s,
        FORMULA_OF_ACTIVATION: z * (1 - z),
        TANH_FORMULA: 1 - s * s,
        TANH_DERIVATIVE: 1 - torch.tanh(z) ** 2,
        WRONG_SIGN: s * (s - 1),
        SQUARED_SIGMOID: s * s})


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


@check(looks_at=activations_3d, points=2, hint="Which entries lie below 0.01, which above 0.99? Of how many?")
def saturated_share(seen: Seen) -> None:
    """`saturated_fraction(a)` is the share of all entries of `a` below 0.01 or above 0.99."""
    a = activations(seen.given["z"])
    low, high = a < 0.01, a > 0.99
    both = low | high
    expect_number(seen.value, share(both), rtol=SHARE_RTOL, what="`saturated_fraction(a)`", otherwise={
        UPPER_ONLY: share(high),
        LOWER_ONLY: share(low),
        COUNTED: float(both.sum()),
        PER_ROW: float(both.sum()) / len(a),
        PER_CENT: 100 * share(both),
        UNSATURATED: 1 - share(both),
        PER_UNIT: share(both.all(0))})


@check(looks_at=at_a_fifth, points=1, after=saturated_share,
       hint="What should change when the threshold does?")
def threshold(seen: Seen) -> None:
    """With another `threshold` it is the share of entries below that threshold or above
    1 - that threshold."""
    a = activations(seen.given["z"])
    expect_number(seen.value, share((a < 0.2) | (a > 0.8)), rtol=SHARE_RTOL,
                  what="`saturated_fraction(a, threshold=0.2)`", otherwise={
                      IGNORED: share((a < 0.01) | (a > 0.99)),
                      ON_DERIVATIVE: share(a * (1 - a) < 0.2),
                      HALVED: share((a < 0.1) | (a > 0.9))})


# --- the gradient's profile ----------------------------------------------------------------------------


@check(looks_at=small_net, points=3, read=NIELSEN,
       hint="z is what a hidden nn.Linear gives. Keep each z, call retain_grad() on it, look at z.grad after "
            "backward.")
def profile(seen: Seen) -> None:
    """`gradient_profile` gives the L2 norm of dL/dz for the pre-activation z of each hidden layer, first to
    last."""
    truth = backward(seen.given)
    want = norms(truth.z)
    got = numbers(seen.value, "`gradient_profile`'s list")
    for layer, expected in enumerate(want):
        measured = f"{got[layer]:.4g}" if layer < len(got) else "nothing"
        seen.measure(f"norm of dL/dz, hidden layer {layer + 1}", measured, f"{expected:.4g}")
    # float64: autograd's own sums differ by some 1e-15; the misconceptions lie per cents apart
    expect_numbers(got, want, rtol=1e-6, what="`gradient_profile`'s list", otherwise={
        WEIGHT_GRADIENTS: norms(truth.weights),
        BIAS_GRADIENTS: norms(truth.biases),
        AFTER_ACTIVATION: norms(truth.a),
        WITH_OUTPUT: [*want, *norms([truth.output])],
        LAST_TO_FIRST: want[::-1],
        MEAN_NOT_NORM: [float(g.abs().mean()) for g in truth.z],
        ROOT_MEAN_SQUARE: [float(g.square().mean().sqrt()) for g in truth.z],
        SQUARED_NORM: [n * n for n in want],
        PER_SAMPLE: [float(g.norm(dim=1).mean()) for g in truth.z],
        ACTIVATION_NORMS: norms(truth.values)})


def underflown(got: Sequence[float], want: Sequence[float]) -> bool:
    """Are entries 0 or imprecise where float32 loses the squares, and all others right?"""
    return len(got) == len(want) and 0.0 in got and all(
        close(g, w, 1e-3) or (w < SQUARES_VANISH and 0.0 <= g < 2 * w)
        for g, w in zip(got, want, strict=True))


@check(looks_at=deep_net, points=1, after=profile, hint="What is the square of 1e-25 in float32?")
def tiny_gradients(seen: Seen) -> None:
    """The profile is right where gradients are tiny: 16 sigmoid layers, weights from N(0, 0.01^2),
    float32."""
    want = norms(backward(seen.given).z)
    got = numbers(seen.value, "`gradient_profile`'s list")
    if len(got) == len(want):
        seen.draw(curves(
            "Norm of dL/dz, layer by layer",
            "The expected norm falls from the last layer to the first by about 70 for each layer.",
            x_label="hidden layer", y_label="norm of dL/dz", yours=got, expected=want, log_y=True))
    # float32: each of 17 layers adds a relative error of some 1e-6
    expect_numbers(got, want, rtol=1e-3, what="`gradient_profile`'s list",
                   otherwise={UNDERFLOW: got} if underflown(got, want) else None)


@check(looks_at=mixed_net, points=1, after=profile, visible=False,
       hint="Try a net with nn.Tanh or nn.ReLU in place of nn.Sigmoid.")
def any_activation(seen: Seen) -> None:
    """`gradient_profile` works for any activation, not only the sigmoid."""
    want = norms(backward(seen.given).z)
    got = numbers(seen.value, "`gradient_profile`'s list")
    expect_numbers(got, want, rtol=1e-6, what="`gradient_profile`'s list",
                   otherwise={LAYERS_MISSING: got} if len(got) < len(want) else None)


@check(looks_at=asked_twice, points=1, after=profile, visible=False,
       hint="Call it twice on the same model. Are there hooks left on the model, has anything been changed?")
def leaves_the_model_alone(seen: Seen) -> None:
    """Asked twice, `gradient_profile` answers the same, and the model keeps no hooks and all its
    parameters."""
    found = seen.mapping()
    first = found.numbers("first", "`gradient_profile`'s first list")
    second = found.numbers("second", "`gradient_profile`'s second list")
    before = [p for layer in zip(seen.given["weights"], seen.given["biases"], strict=True) for p in layer]
    after = found.items("parameters")
    kept = len(after) == len(before) and all(
        isinstance(a, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
        for a, b in zip(after, before, strict=True))
    if not kept or found["trainable"] is not True:
        fail("After the call the model's parameters have other values, another dtype, or no longer require "
             "grad.", MODEL_CHANGED)
    if len(first) != len(second):
        fail(f"The first call gave {len(first)} numbers; the second, on the same model, {len(second)} other "
             "ones.", PILE_UP if alike(second[:len(first)], first, 1e-4) else None)
    # the same sums in the same order; float32, and 1e-4 leaves room for another order
    if not alike(second, first, 1e-4):
        fail("The second call on the same model gave other numbers.")
    expect_numbers(second, norms(backward(seen.given).z), rtol=1e-3, what="`gradient_profile`'s second list")
    hooks = found.whole("hooks")
    if hooks:
        fail(f"After two calls the model carries {hooks} hooks.", HOOKS_LEFT)


# --- the remedy ----------------------------------------------------------------------------------------


def remedys_layers(seen: Seen) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The remedy's weights and biases, in float64; anything but the linear layers asked for fails."""
    depth, width, found = seen.given["depth"], seen.given["width"], seen.mapping()
    if "weights" not in found:
        fail("`remedy` gave no net with linear layers.")
    weights = found.items("weights")
    if len(weights) != depth + 1:
        fail(f"`remedy({depth}, {width})` has {len(weights)} linear layers; expected {depth} hidden ones and "
             "an output layer.", ONE_SHORT if len(weights) == depth else None)
    shapes = [(width, width)] * depth + [(1, width)]
    return ([tensor(w, shape, f"Weight {i} of the remedy")
             for i, (w, shape) in enumerate(zip(weights, shapes, strict=True))],
            found.tensors("biases", [shape[:1] for shape in shapes]))


@check(looks_at=small_remedy, points=1,
       hint="Count the nn.Linear layers, and look at what follows each of them.")
def remedy_net(seen: Seen) -> None:
    """`remedy(depth, width)` has `depth` hidden layers of `width` units, a ReLU after each, and one linear
    output."""
    weights, biases = remedys_layers(seen)
    x = seen.given["x"].double()
    got = [seen.mapping().tensor(name, (len(x), 1), "The remedy's output") for name in ("output", "mirrored")]

    def with_(activation: Activation) -> torch.Tensor:
        """The output with this activation, and the one with the last layer's sign turned."""
        output = Net(weights=weights, biases=biases, activations=[activation] * (len(weights) - 1)).output(x)
        return torch.cat([output, -output])

    want = with_(torch.relu)
    if not bool(want.any()):
        fail("The remedy gives 0 for every input.")
    # five float32 layers of 24 terms: relative errors of some 1e-6 of the largest output
    expect_tensor(torch.cat(got), want, rtol=1e-4, what="The remedy's output", otherwise={
        NO_ACTIVATION: with_(lambda z: z),
        RELU_ON_OUTPUT: torch.relu(want),
        STILL_SIGMOID: with_(torch.sigmoid),
        STILL_TANH: with_(torch.tanh)})


@check(looks_at=deep_remedy, points=2, after=remedy_net, read=HE, false_alarms=1e-6,
       hint="Plot the profile of remedy(30, 128). Is it level? Which variance must the weights have before a "
            "ReLU?")
def remedy_is_level(seen: Seen) -> None:
    """The gradients of `remedy(30, 128)` stay level: the largest norm in its profile is below 20 times the
    smallest."""
    weights, biases = remedys_layers(seen)
    x = torch.randn(64, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    got = norms(backward({"weights": weights, "biases": biases, "activations": ["relu"] * DEPTH, "x": x,
                          "target": torch.zeros(64, 1)}).z)
    ratio = max(got) / min(got) if min(got) > 0 and all(map(math.isfinite, got)) else math.inf
    fall = got[0] / got[-1] if got[-1] > 0 else math.nan
    # 2 is expected; each layer's mean square is right to 1.1 % (16,384 weights), their median better still
    scale = float(torch.stack([w.square().mean() for w in weights[:-1]]).median()) * WIDTH
    seen.measure("largest / smallest norm of dL/dz", f"{ratio:.3g}", f"less than {LEVEL:g}")
    seen.measure("mean square of the weights", f"{scale / WIDTH:.4g}", f"{2 / WIDTH:.4g}",
                 "2 / fan_in is expected")
    seen.draw(curves("Norm of dL/dz, layer by layer", "The expected curve is level.", x_label="hidden layer",
                     y_label="norm of dL/dz", yours=got, expected=[got[-1]] * DEPTH, log_y=True))
    if ratio < LEVEL:
        return
    scales = {XAVIER: 1.0, DEFAULT: 1 / 3, STANDARD_NORMAL: WIDTH, VARIANCE_AS_STD: 4 / WIDTH, DOUBLED: 4.0}
    fail(f"From the last hidden layer to the first the gradient's norm changes by a factor of {fall:.3g}; "
         f"the largest norm is {ratio:.3g} times the smallest.",
         the_one((d, close(scale, wrong, 0.05)) for d, wrong in scales.items()))
