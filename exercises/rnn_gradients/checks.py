"""Specification of `rnn_gradients`: gradients through long sequences, when they explode, how to clip them."""

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from grader.spec import (
    Call,
    Probe,
    Seen,
    alike,
    check,
    close,
    curves,
    described,
    entry,
    expect_number,
    expect_numbers,
    fail,
    fail_as_raised,
    normal,
    numbers,
    same,
    the_one,
)

from .matrices import NEAR_ONE, NON_NORMAL, SYMMETRIC_ONES, TURNING, TWINS, radius_of
from .misconceptions import (
    AFTERWARDS,
    BY_VALUE,
    CLIPPING,
    DIVIDED_BY_ZERO,
    FACTOR,
    FLOAT32,
    INVENTED,
    LARGEST_ENTRY,
    LARGEST_NORM,
    NO_TOLERANCE,
    ONE_BY_ONE,
    ONE_NORM,
    OTHER_TOLERANCE,
    PARAMETER_NORM,
    PARAMETERS_CLIPPED,
    PASCANU,
    RAISED,
    ROOT_FORGOTTEN,
    SPECTRAL_NORM,
    STOPPED_AT_NONE,
    SUM_OF_NORMS,
    SWAPPED,
    TO_ONE,
    UNCHANGED,
    USED_UP,
)
from .reference import (
    mistaken_norms,
    norm_by,
    norm_of_all,
    norms_of,
    regime_of,
    spectral,
)
from .regimes import expect_regimes, labels_of, own_rule

SHAPES = ((12, 5), (), (4, 6), (6,))   # of the parameters to clip: 91 numbers
MAX_NORM = 2.5
LIST = "`gradient_through_time`'s list"
SMALL = 2.0      # below max_norm, and its square above
RTOL = 1e-5
# Of clipped gradients in float64: PyTorch divides by the norm + 1e-6, some 1e-8 of it here, and whoever adds
# up in float32 is off by some 1e-7.
RTOL_CLIPPED = 1e-6

# --- what is observed ----------------------------------------------------------------------------------


def parameters_with(std: float) -> dict[str, Any]:
    """Inputs of a probe: parameters and their gradients."""
    return {"values": [normal(*shape, dtype="float64") for shape in SHAPES],
            "gradients": [normal(*shape, std=std, dtype="float64") for shape in SHAPES], "max_norm": MAX_NORM}


through_time = Call("gradient_through_time", normal(6, 6, std=0.45, dtype="float64"), 12)
one_step = Call("gradient_through_time", normal(3, 3, dtype="float64"), 1)
exploding = Call("gradient_through_time", normal(8, 8, std=0.9), 200)
vanishing = Call("gradient_through_time", normal(8, 8, std=0.1), 100)

plain_matrices = Probe("regimes", uses=("regime",), weights=SYMMETRIC_ONES)
twins = Probe("regimes", uses=("regime",), weights=TWINS)
turning_matrices = Probe("regimes", uses=("regime",), weights=TURNING)
non_normal_matrices = Probe("regimes", uses=("regime",), weights=NON_NORMAL)
matrices_near_one = Probe("regimes", uses=("regime",), weights=NEAR_ONE)

large = Probe("clipped", uses=("clip_gradients_",), **parameters_with(10.0))  # norm about 95
small = Probe("clipped", uses=("clip_gradients_",), **parameters_with(1.0), norm=SMALL)
zero = Probe("clipped", uses=("clip_gradients_",), **parameters_with(1.0), norm=0.0)
some_without = Probe("clipped", uses=("clip_gradients_",), **parameters_with(10.0), without=[1, 3])
in_one_pass = Probe("clipped", uses=("clip_gradients_",), **parameters_with(10.0), one_pass=True)

# --- the gradient at each step -------------------------------------------------------------------------


@check(looks_at=(through_time, one_step), points=3, read=PASCANU,
       hint="Begin with dL/dh_T. What is it for L = h_T.sum()? How does one step back change it?")
def gradients(seen: Seen, once: Seen) -> None:
    """`gradient_through_time(weight, steps)` gives the norm of dL/dh_t for t = 1 to `steps`, in this
    order."""
    weight, steps = seen.given["0"], seen.given["1"]
    want = norms_of(weight, steps)
    got = numbers(seen.value, LIST)
    if len(got) == len(want):
        seen.draw(curves(
            "Norm of dL/dh_t",
            f"The expected curve ends at step {steps} with the root of {len(weight)}.",
            x_label="t", y_label="norm of dL/dh_t", yours=got, expected=want, log_y=True))
    # twelve steps: right ways differ by some 1e-14 in float64 and 1e-6 in float32, mistakes by per cents
    expect_norms(got, seen, rtol=RTOL, what=LIST)
    expect_numbers(once.value, norms_of(once.given["0"], 1), rtol=RTOL, what=f"{LIST} for steps=1")


def expect_norms(got: list[float], seen: Seen, *, rtol: float, what: str) -> None:
    """The norms for the weight and the steps that were given; a mistake that gives just these is named."""
    weight, steps = seen.given["0"].double(), seen.given["1"]
    want, named = norms_of(weight, steps), None
    if not alike(got, want, rtol):
        named = the_one((d, alike(got, wrong, rtol)) for d, wrong in mistaken_norms(weight, steps))
    expect_numbers(got, want, rtol=rtol, what=what, otherwise={named: got} if named else None)


def out_of_range(got: Sequence[float], want: Sequence[float]) -> list[int]:
    """The entries that are 0 or infinite, if all of those are right that float32 can hold."""
    off = [i for i, g in enumerate(got) if g == 0.0 or not math.isfinite(g)]
    fine = len(got) == len(want) and all(
        close(g, w, 1e-3) for g, w in zip(got, want, strict=True) if 1e-15 < w < 1e15)
    return off if fine else []


@check(looks_at=(exploding, vanishing), points=1,
       hint="Where does float32 end? Look at the first and the last entry for 200 steps.")
def long_sequences(grows: Seen, falls: Seen) -> None:
    """The norms are right for long sequences too, where they leave the range of float32."""
    for seen, what in ((grows, f"{LIST} for a growing gradient"), (falls, f"{LIST} for a falling gradient")):
        want, got = norms_of(seen.given["0"], seen.given["1"]), numbers(seen.value, what)
        if off := out_of_range(got, want):
            fail(f"{entry(off[-1])} of {what} is {got[off[-1]]:g}, as all {len(off)} up to it; expected "
                 f"{want[off[-1]]:.3g}." if off == list(range(len(off))) else
                 f"{entry(off[0])} of {what} is {got[off[0]]:g}; expected {want[off[0]]:.3g}.", FLOAT32)
        # float64 all the way: each of 200 products adds some 1e-16, amplified by the matrix' condition
        expect_norms(got, seen, rtol=1e-6, what=what)


# --- the regime ----------------------------------------------------------------------------------------


@check(looks_at=plain_matrices, points=1,
       hint="What is the largest absolute eigenvalue? Is it below or above 1?")
def regimes(seen: Seen) -> None:
    """`regime` calls a matrix "vanishing" if its spectral radius is below 1, and "exploding" if it is
    above."""
    other = {"vanishing": "exploding", "exploding": "vanishing", "stable": "stable"}
    expect_regimes(seen, None, [(SWAPPED, [other[regime_of(radius_of(w))] for w in seen.given["weights"]])])


@check(looks_at=(turning_matrices, plain_matrices, twins), points=1, visible=False,
       hint="What are the eigenvalues of a rotation by 90 degrees? Of -1.2 times the identity?")
def turns_and_flips(seen: Seen, plain: Seen, like: Seen) -> None:
    """`regime` is right for matrices that rotate or flip: with complex or negative eigenvalues."""
    expect_regimes(seen, own_rule(plain, like))


@check(looks_at=(non_normal_matrices, plain_matrices, twins), points=2, read=PASCANU,
       hint="Can a product of many matrices shrink, although each can stretch a vector at first?")
def stretching_matrices(seen: Seen, plain: Seen, like: Seen) -> None:
    """`regime` goes by the spectral radius also where a matrix stretches some vectors much more than that."""
    expect_regimes(seen, own_rule(plain, like))


@check(looks_at=(matrices_near_one, plain_matrices, twins), points=1,
       hint="Which radii count as 1? The tolerance is 0.01.")
def near_one(seen: Seen, plain: Seen, like: Seen) -> None:
    """`regime` calls a matrix "stable" if its spectral radius differs from 1 by at most 0.01."""
    radii, got = labels_of(seen)
    rule = own_rule(plain, like)
    if rule and any(rule[round(r, 6)] != regime_of(r) for r in (radius_of(w) for w in SYMMETRIC_ONES)):
        below, above = rule[min(rule)], rule[max(rule)]   # names of one's own are what `regimes` is about
        own = {"vanishing": below, "exploding": above}
        between = {said for r, said in zip(radii, got, strict=True) if abs(r - 1) <= 0.01}
        if got == [own.get(regime_of(r), got[0]) for r in radii] and between.isdisjoint((below, above)):
            seen.follows(regimes.id)
            return
    # whatever is said of the last one, whose radius is 1 up to rounding, the others show a tolerance
    strict = [regime_of(radius, tolerance=0.0) for radius in radii[:-1]]
    expect_regimes(seen, None, [(NO_TOLERANCE, [*strict, got[-1]]),
                                *((OTHER_TOLERANCE, [regime_of(radius, tolerance) for radius in radii])
                                  for tolerance in (0.001, 0.02, 0.05, 0.1))])


# --- clipping ------------------------------------------------------------------------------------------


def afterwards(seen: Seen, name: str) -> list[Any]:
    """The gradients or parameters after clipping."""
    found = seen.mapping().items(name)
    if len(found) != len(SHAPES):
        fail(f"The {name} are not there any more.")
    return found


def same_all(got: Sequence[Any], want: Sequence[Tensor]) -> bool:
    return all(isinstance(g, Tensor) and same(g, w, RTOL_CLIPPED) for g, w in zip(got, want, strict=True))


def scaled(tensors: Sequence[Tensor], factor: float) -> list[Tensor]:
    return [t * factor for t in tensors]


def expect_changed(got: Sequence[Any], before: Sequence[Tensor]) -> None:
    """The gradients are still tensors of their shapes, and not all of them what they were."""
    for g, b in zip(got, before, strict=True):
        if not isinstance(g, Tensor) or g.shape != b.shape:
            fail(f"A gradient of shape {tuple(b.shape)} has become {described(g)}.")
    if same_all(got, before):
        fail("`clip_gradients_` changes no gradient, though their norm is above max_norm.", UNCHANGED)


@check(looks_at=large, points=2, read=CLIPPING,
       hint="One norm over all gradients, one factor for all of them.")
def clips(seen: Seen) -> None:
    """`clip_gradients_` scales all gradients by one factor, so that their norm taken together is
    `max_norm`."""
    before, values = seen.given["gradients"], seen.given["values"]
    norm, each = norm_of_all(before), [float(g.norm()) for g in before]
    got = afterwards(seen, "gradients")
    if not same_all(afterwards(seen, "parameters"), values):
        fail("The parameters have other values after clipping.",
             PARAMETERS_CLIPPED if same_all(got, before) else None)
    expect_changed(got, before)
    seen.measure("norm of all gradients", f"{norm_of_all([g.double() for g in got]):.6g}", f"{MAX_NORM:g}")
    once, then = [*seen.mapping().items("earlier"), None, None][:2]
    if isinstance(once, Tensor) and not same_all([then], [once]):
        fail("The gradient of a parameter that was clipped in an earlier call is changed again.")
    if same_all(got, scaled(before, MAX_NORM / norm)):
        return
    mistaken = {
        ONE_BY_ONE: [g * min(1.0, MAX_NORM / n) for g, n in zip(before, each, strict=True)],
        BY_VALUE: [g.clamp(-MAX_NORM, MAX_NORM) for g in before],
        TO_ONE: scaled(before, 1 / norm),
        ROOT_FORGOTTEN: scaled(before, MAX_NORM / norm ** 2),
        SUM_OF_NORMS: scaled(before, MAX_NORM / sum(each)),
        LARGEST_NORM: scaled(before, MAX_NORM / max(each)),
        PARAMETER_NORM: scaled(before, MAX_NORM / norm_of_all(values)),
        SPECTRAL_NORM: scaled(before, MAX_NORM / norm_by(spectral, before)),
        ONE_NORM: scaled(before, MAX_NORM / sum(float(g.abs().sum()) for g in before)),
        LARGEST_ENTRY: scaled(before, MAX_NORM / max(float(g.abs().max()) for g in before))}
    now = norm_of_all([g.double() for g in got])
    fail(f"After clipping the norm of all gradients is {now:.4g}; expected is {MAX_NORM:g}, each of them "
         f"{MAX_NORM / norm:.4g} times what it was.",
         the_one((d, same_all(got, wrong)) for d, wrong in mistaken.items()))


@check(looks_at=large, points=1, hint="Which number tells you that the gradients have exploded?")
def returns_the_norm(seen: Seen) -> None:
    """`clip_gradients_` returns the norm of all gradients taken together, as it was before clipping."""
    before = seen.given["gradients"]
    norm, each = norm_of_all(before), [float(g.norm()) for g in before]
    expect_number(seen.mapping()["returned"], norm, rtol=RTOL_CLIPPED, what="What `clip_gradients_` returns",
                  otherwise={
                      AFTERWARDS: MAX_NORM,
                      FACTOR: MAX_NORM / norm,
                      SUM_OF_NORMS: sum(each),
                      LARGEST_NORM: max(each),
                      ROOT_FORGOTTEN: norm ** 2,
                      PARAMETER_NORM: norm_of_all(seen.given["values"]),
                      SPECTRAL_NORM: norm_by(spectral, before),
                      ONE_NORM: sum(float(g.abs().sum()) for g in before),
                      LARGEST_ENTRY: max(float(g.abs().max()) for g in before)})


@check(looks_at=(small, zero, large), points=1, may_raise=True,
       hint="What should happen if the norm is below max_norm already?")
def small_gradients(little: Seen, nothing: Seen, much: Seen) -> None:
    """Gradients whose norm is below `max_norm` stay as they are."""
    for seen in (much, little):
        if seen.raised:
            fail_as_raised(seen)
    expect_changed(afterwards(much, "gradients"), much.given["gradients"])
    drawn, got = little.given["gradients"], afterwards(little, "gradients")
    before = scaled(drawn, SMALL / norm_of_all(drawn))   # as the probe does
    if not same_all(got, before):
        factors = {RAISED: MAX_NORM / SMALL, ROOT_FORGOTTEN: MAX_NORM / SMALL ** 2,
                   SUM_OF_NORMS: MAX_NORM / sum(float(g.norm()) for g in before),
                   ONE_NORM: MAX_NORM / sum(float(g.abs().sum()) for g in before),
                   PARAMETER_NORM: MAX_NORM / norm_of_all(little.given["values"])}
        now = norm_of_all([g.double() for g in got if isinstance(g, Tensor)])
        fail(f"The gradients' norm was {SMALL:g} and is {now:.4g} afterwards; expected are the same "
             f"gradients, since max_norm is {MAX_NORM:g}.",
             the_one((d, same_all(got, scaled(before, factor))) for d, factor in factors.items()))
    if nothing.raised:
        fail_as_raised(nothing, DIVIDED_BY_ZERO if nothing.raised.error == "ZeroDivisionError" else None)
    zeros = scaled(nothing.given["gradients"], 0.0)
    parameters_kept = same_all(afterwards(nothing, "parameters"), nothing.given["values"])
    if not parameters_kept or not same_all(afterwards(nothing, "gradients"), zeros):
        fail("The gradients were all 0: neither they nor the parameters should have changed.",
             DIVIDED_BY_ZERO if parameters_kept else None)


def left_out(got: Sequence[Tensor], before: Sequence[Tensor]) -> bool:
    """Is a gradient what it was? Only of many numbers: whatever way they are clipped, some of them change."""
    return any(b.numel() > 6 and same(g, b, RTOL_CLIPPED) for g, b in zip(got, before, strict=True))


def expect_smaller(got: Sequence[Tensor], before: Sequence[Tensor]) -> None:
    """Clipped somehow: how well is what `clips` says."""
    now, then = norm_of_all([g.double() for g in got]), norm_of_all(before)
    if not 0 < now < then:
        fail(f"The gradients' norm was {then:.4g} and is {now:.4g} afterwards.")


@check(looks_at=some_without, points=1, visible=False,
       hint="What is p.grad for a parameter that the loss does not use?")
def skips_none(seen: Seen) -> None:
    """Parameters without a gradient are skipped: their gradient stays None, and the others' are clipped."""
    seen.follows(clips.id)
    without, found = seen.given["without"], afterwards(seen, "gradients")
    if any(found[i] is not None for i in without):
        fail("A parameter whose gradient was None has a gradient after clipping.", INVENTED)
    got, before = ([gradients[i] for i in range(len(SHAPES)) if i not in without]
                   for gradients in (found, seen.given["gradients"]))
    expect_changed(got, before)
    expect_smaller(got, before)
    if left_out(got, before):
        fail("A gradient is not clipped, where another parameter has none.", STOPPED_AT_NONE)


@check(looks_at=(in_one_pass, large), points=1, visible=False,
       hint="Try `clip_gradients_(model.parameters(), 1.0)`.")
def takes_an_iterator(once: Seen, listed: Seen) -> None:
    """It works for any iterable of parameters, as `model.parameters()` is one that can be gone through only
    once."""
    once.follows(clips.id)
    expect_changed(afterwards(listed, "gradients"), listed.given["gradients"])
    got, before = afterwards(once, "gradients"), once.given["gradients"]
    if same_all(got, before):
        fail("With an iterator in place of a list, no gradient is changed.", USED_UP)
    expect_changed(got, before)
    if left_out(got, before):
        fail("With an iterator in place of a list, a gradient is not clipped.", USED_UP)
    expect_smaller(got, before)
