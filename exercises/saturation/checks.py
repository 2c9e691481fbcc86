"""Specification of `saturation`: why sigmoid nets stop learning, seen in numbers, and what to do about it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from grader.spec import (
    SEED_INSIDE,
    Call,
    Probe,
    Seen,
    alike,
    check,
    close,
    curves,
    expect_each,
    expect_number,
    expect_numbers,
    expect_tensor,
    fail,
    normal,
    number,
    numbers,
    same,
    sets_seed,
    tensor,
    the_one,
)

from .followed import (
    DERIVATIVES,
    PROFILE_RTOL,
    SHARES,
    Profile,
    derivative_given,
    followed,
    only,
    profiles_given,
    right_derivative,
    right_profile,
    right_share,
    share_given,
    underflown,
)
from .kept import expect_answers, expect_no_hooks, expect_unchanged, unchanged
from .misconceptions import (
    DEFAULT,
    DOUBLED,
    EDGES_COUNTED,
    FROZEN,
    HALVED,
    HE,
    IGNORED,
    LAYERS_MISSING,
    NIELSEN,
    NO_ACTIVATION,
    ON_DERIVATIVE,
    ONE_SHORT,
    OVERFLOW_ABOVE,
    OVERFLOW_BELOW,
    PROFILE_ERRORS,
    RELU_ON_OUTPUT,
    REMEDY_ERRORS,
    SAME_WEIGHTS,
    STANDARD_NORMAL,
    STILL_SIGMOID,
    STILL_TANH,
    UNDERFLOW,
    VARIANCE_AS_STD,
    XAVIER,
)
from .reference import activations, backward, norms, share
from .remedies import OUTPUT_RTOL, outputs, outputs_with, own_activation, remedys_layers

SHARE_RTOL = 1e-5        # a mean of zeros and ones in float32; one entry more or less of 6,000 is 2e-4
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
FAR = torch.tensor([-1e4, -1000.0, -100.0, -90.0, -20.0, -1.0, 0.0, 1.0, 20.0, 90.0, 100.0, 1000.0, 1e4])
far_out, far_out_double = (Call("sigmoid_derivative", z) for z in (FAR, FAR.double()))

activations_3d = Probe("fraction", uses=("saturated_fraction",), z=normal(3, 40, 50, std=4, dtype="float64"))
at_a_fifth = Probe("fraction", uses=("saturated_fraction",), z=normal(24, 40, std=3, dtype="float64"),
                   threshold=0.2)
few = Call("saturated_fraction", torch.tensor([[0.005, 0.5, 0.25], [0.7, 0.995, 0.999]]))
EDGES = torch.tensor([[0.25, 0.25, 0.125, 0.5], [0.75, 0.75, 0.75, 0.875], [0.9375, 0.625, 0.5, 0.375]],
                     dtype=torch.float64)
on_the_edges = Call("saturated_fraction", EDGES, 0.25)   # exact in every float

small_net = Probe("profile", uses=("gradient_profile",),
                  **net_of(12, 24, 16, 20, 3, dtype="float64", std=0.5, activations=["sigmoid"] * 3))
deep_net = Probe("profile", uses=("gradient_profile",),
                 **net_of(*[32] * 17, 1, dtype="float32", std=0.01, activations=["sigmoid"] * 16))
mixed_net = Probe("profile", uses=("gradient_profile",),
                  **net_of(10, 18, 14, 22, 2, dtype="float64", std=0.4,
                           activations=["tanh", "relu", "bent"]))
asked_twice = Probe("profile_twice", uses=("gradient_profile",),
                    **net_of(6, 9, 7, 2, dtype="float32", std=0.5, activations=["sigmoid"] * 2))

small_remedy = Probe("remedied", uses=("remedy",), depth=4, width=24, x=normal(16, 24))
seeded = Probe("seeded", uses=("remedy",))
deep_remedy = Probe("remedied", uses=("remedy",), depth=DEPTH, width=WIDTH, x=normal(4, WIDTH), coarse=True)

# --- sigma'(z) -----------------------------------------------------------------------------------------


@check(looks_at=derivative_of, points=2,
       hint="sigma(z) = 1 / (1 + exp(-z)). What is its derivative at z = 0?")
def derivative(seen: Seen) -> None:
    """`sigmoid_derivative(z)` is sigma'(z), entry by entry; z stays as it was."""
    z = seen.given["0"]
    s = torch.sigmoid(z)
    # right to a few 1e-16 of the largest value, 1/4, in float64, and to some 1e-7 in float32, which is fair
    got, want = tensor(seen.value, tuple(z.shape), "`sigmoid_derivative(z)`"), s * (1 - s)
    if not same(got, want, 1e-6):
        at = int((got - want).abs().nan_to_num(math.inf).argmax())
        there, is_there, should = (float(one.flatten()[at]) for one in (z, got, want))
        fail(f"`sigmoid_derivative(z)` is {is_there:.6g} at z = {there:.6g}; expected {should:.6g}.",
             the_one((d, same(got, wrong(z), 1e-6)) for d, wrong in DERIVATIVES.items()))
    expect_unchanged(seen, "z")


@check(looks_at=(far_out, derivative_of, far_out_double), points=1,
       hint="Try your function at z = -1000 and z = 1000. What does exp(1000) give?")
def derivative_far_out(seen: Seen, near: Seen, double: Seen) -> None:
    """sigma'(z) is a number for every z, however large, and falls to 0 on both sides; z stays as it was."""
    z = seen.given["0"].double()
    got = tensor(seen.value, tuple(z.shape), "`sigmoid_derivative(z)`")
    bad = ~got.isfinite()
    if bool(bad.any()):
        below, above = bool(bad[z < 0].any()), bool(bad[z > 0].any())
        found = "; ".join(f"for z = {float(z[at]):g}: {float(got[at]):g}" for at in bad.nonzero().flatten())
        fail(f"`sigmoid_derivative` gives no number far out, {found}. Expected are numbers near 0.",
             the_one([(OVERFLOW_BELOW, below), (OVERFLOW_ABOVE, above)]))
    # float32: 1 - sigma(z) has an absolute error of 6e-8, so sigma' far out may be 0 or 1e-7
    form = derivative_given(near.value, near.given["0"])
    for one in (got, double.value):
        expect_tensor(one, form(z), rtol=1e-6, what="`sigmoid_derivative(z)`")
    if unchanged(near, "z"):
        for one in (seen, double):
            expect_unchanged(one, "z")
    if form is not right_derivative or not unchanged(near, "z"):
        seen.follows(derivative.id)


# --- the saturated share -------------------------------------------------------------------------------


@check(looks_at=(activations_3d, few), points=2,
       hint="Which entries lie below 0.01, which above 0.99? Of how many?")
def saturated_share(seen: Seen, little: Seen) -> None:
    """`saturated_fraction(a)` is the share of all entries of `a` below 0.01 or above 0.99; `a` stays as it
    was."""
    a = activations(seen.given["z"])
    expect_number(seen.value, right_share(a, 0.01), rtol=SHARE_RTOL, what="`saturated_fraction(a)`",
                  otherwise={d: form(a, 0.01) for d, form in SHARES.items()})
    expect_unchanged(little, "`activations`")


@check(looks_at=(at_a_fifth, on_the_edges, activations_3d), points=1,
       hint="What should change when the threshold does?")
def threshold(seen: Seen, edges: Seen, plain: Seen) -> None:
    """With another `threshold` it is the share of entries below that threshold or above
    1 - that threshold; what lies exactly on one of the two is not counted."""
    a = activations(seen.given["z"])
    form = share_given(plain.value, activations(plain.given["z"]), 0.01, SHARE_RTOL)
    if form is not right_share:
        seen.follows(saturated_share.id)
    expect_number(seen.value, form(a, 0.2), rtol=SHARE_RTOL,
                  what="`saturated_fraction(a, threshold=0.2)`", otherwise={
                      IGNORED: form(a, 0.01),
                      ON_DERIVATIVE: share(a * (1 - a) < 0.2),
                      HALVED: form(a, 0.1)})
    got, beyond = number(edges.value, "`saturated_fraction(a, 0.25)`"), 1e-9
    if not close(got, form(EDGES, 0.25), SHARE_RTOL):
        wider = [share((0.25 + low > EDGES) | (0.75 - high < EDGES))
                 for low, high in ((beyond, 0), (0, beyond), (beyond, beyond))]
        fail(f"`saturated_fraction(a, 0.25)` is {got:.6g} where entries are exactly 0.25 or 0.75; expected "
             f"{form(EDGES, 0.25):.6g}.",
             EDGES_COUNTED if any(close(got, one, SHARE_RTOL) for one in wider) else None)


# --- the gradient's profile ----------------------------------------------------------------------------


@check(looks_at=small_net, points=3, read=NIELSEN, errors=PROFILE_ERRORS,
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
    if alike(got, want, PROFILE_RTOL):
        return
    told, named, _ = only(profiles_given(got, truth, PROFILE_RTOL)) or ("", None, None)
    shown = [", ".join(f"{n:.4g}" for n in some) for some in (got[:8], want)]
    fail(f"`gradient_profile` gives {shown[0]}; expected {shown[1]}.{told}", named)


def own_profile(seen: Seen, small: Seen) -> Profile:
    """What `profile` shows to be given in place of the norms, or the norms."""
    form = followed(small)
    if form is not right_profile:
        seen.follows(profile.id)
    return form


@check(looks_at=(deep_net, small_net), points=1, errors=PROFILE_ERRORS,
       hint="What is the square of 1e-25 in float32?")
def tiny_gradients(seen: Seen, small: Seen) -> None:
    """The profile is right where gradients are tiny: 16 sigmoid layers, weights from N(0, 0.01^2),
    float32."""
    want = own_profile(seen, small)(backward(seen.given))
    got = numbers(seen.value, "`gradient_profile`'s list")
    if len(got) == len(want):
        seen.draw(curves(
            "Norm of dL/dz, layer by layer",
            "The expected norm falls from the last layer to the first by about 70 for each layer.",
            x_label="hidden layer", y_label="norm of dL/dz", yours=got, expected=want, log_y=True))
    # float32: each of 17 layers adds a relative error of some 1e-6
    expect_numbers(got, want, rtol=1e-3, what="`gradient_profile`'s list",
                   otherwise={UNDERFLOW: got} if underflown(got, want) else None)


@check(looks_at=(mixed_net, small_net), points=1, visible=False, errors=PROFILE_ERRORS,
       hint="Try a net with nn.Tanh or nn.ReLU in place of nn.Sigmoid, and one with a module of your own.")
def any_activation(seen: Seen, small: Seen) -> None:
    """`gradient_profile` works for any activation, not only the sigmoid."""
    want = own_profile(seen, small)(backward(seen.given))
    got = numbers(seen.value, "`gradient_profile`'s list")
    expect_numbers(got, want, rtol=PROFILE_RTOL, what="`gradient_profile`'s list",
                   otherwise={LAYERS_MISSING: got} if len(got) < len(want) else None)


@check(looks_at=(asked_twice, small_net), points=1, errors=PROFILE_ERRORS,
       hint="Call it twice on the same model. Are there hooks left on the model, has anything been changed?")
def leaves_the_model_alone(seen: Seen, small: Seen) -> None:
    """Asked twice, `gradient_profile` answers the same; asked with another input, it answers for that. The
    model keeps no hooks, its modes and all its parameters, and x is what it was."""
    form = own_profile(seen, small)
    expect_each(lambda: expect_answers(seen, form), lambda: expect_no_hooks(seen))


# --- the remedy ----------------------------------------------------------------------------------------


@check(looks_at=(small_remedy, seeded), points=1, errors=REMEDY_ERRORS,
       hint="Count the nn.Linear layers, and look at what follows each of them.")
def remedy_net(seen: Seen, drawn: Seen) -> None:
    """`remedy(depth, width)` has `depth` hidden layers of `width` units, a ReLU after each, and one linear
    output. All of it can be trained, each call draws anew, and no seed is set."""
    depth, width = seen.given["depth"], seen.given["width"]
    weights, biases = remedys_layers(seen)
    if len(weights) != depth + 1:
        fail(f"`remedy({depth}, {width})` has {len(weights)} linear layers; expected {depth + 1}: {depth} "
             "hidden ones and an output layer.", ONE_SHORT if len(weights) == depth else None)
    got, fitting = outputs(seen), outputs_with(seen, weights, biases)
    if not bool(fitting["relu"].any()):
        fail("The remedy gives 0 for every input.")
    expect_tensor(got, fitting["relu"], rtol=OUTPUT_RTOL, what="The remedy's output", otherwise={
        NO_ACTIVATION: fitting["identity"],
        RELU_ON_OUTPUT: torch.relu(fitting["relu"]),
        STILL_SIGMOID: fitting["sigmoid"],
        STILL_TANH: fitting["tanh"]})
    if seen.mapping()["trainable"] is not True:
        fail("Parameters of the remedy do not require a gradient.", FROZEN)
    one, other = drawn.mapping().tensors("weights", [(8, 8)] * 2)
    if torch.equal(one, other):
        fail("Two calls, with another seed set before each, gave the very same weights.",
             SAME_WEIGHTS if float(one.std()) > 0 else None)
    set_inside = sets_seed(drawn.mapping().tensors("after", [(4,)] * 3))
    if set_inside:
        fail(f"`remedy` sets a seed: {set_inside}.", SEED_INSIDE)


@check(looks_at=(deep_remedy, small_remedy), points=2, read=HE, false_alarms=1e-6, errors=REMEDY_ERRORS,
       hint="Plot the profile of remedy(30, 128). Is it level? Which variance must the weights have before a "
            "ReLU?")
def remedy_is_level(seen: Seen, small: Seen) -> None:
    """The gradients of `remedy(30, 128)` stay level: the largest norm in its profile is below 20 times the
    smallest."""
    weights, biases = remedys_layers(seen)
    hidden = len(weights) - 1
    if not hidden:
        fail(f"`remedy({seen.given['depth']}, {WIDTH})` has no hidden layer; expected {seen.given['depth']}.")
    activation = own_activation(small)
    if activation != "relu":
        seen.follows(remedy_net.id)
    x = torch.randn(64, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    got = norms(backward({"weights": weights, "biases": biases,
                          "activations": [activation] * hidden, "x": x,
                          "target": torch.zeros(64, 1)}).z)
    ratio = max(got) / min(got) if min(got) > 0 and all(map(math.isfinite, got)) else math.inf
    fall = got[0] / got[-1] if got[-1] > 0 else math.nan
    # 2 is expected; each layer's mean square is right to 1.1 % (16,384 weights), their median better still
    scale = float(torch.stack([w.square().mean() for w in weights[:-1]]).median()) * WIDTH
    seen.measure("largest / smallest norm of dL/dz", f"{ratio:.3g}", f"less than {LEVEL:g}")
    seen.measure("mean square of the weights", f"{scale / WIDTH:.4g}", f"{2 / WIDTH:.4g}",
                 "2 / fan_in is expected")
    seen.draw(curves("Norm of dL/dz, layer by layer", "The expected curve is level.", x_label="hidden layer",
                     y_label="norm of dL/dz", yours=got, expected=[got[-1]] * hidden, log_y=True))
    if ratio < LEVEL:
        return
    scales = {XAVIER: 1.0, DEFAULT: 1 / 3, STANDARD_NORMAL: WIDTH, VARIANCE_AS_STD: 4 / WIDTH, DOUBLED: 4.0}
    fail(f"The largest norm is {ratio:.3g} times the smallest; expected less than {LEVEL:g}. From the last "
         f"hidden layer to the first the norm changes by a factor of {fall:.3g}.",
         the_one((d, close(scale, wrong, 0.05)) for d, wrong in scales.items()))
