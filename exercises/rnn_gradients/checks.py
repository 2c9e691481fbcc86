"""Specification of `rnn_gradients`: gradients through long sequences, when they explode, and how to clip
them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from grader.spec import (
    Call,
    Diagnosis,
    Probe,
    Seen,
    check,
    close,
    curves,
    described,
    expect_number,
    expect_numbers,
    fail,
    fail_as_raised,
    normal,
    numbers,
    same,
)

PASCANU = "Pascanu, Mikolov, Bengio 2013, section 2"
CLIPPING = "Pascanu, Mikolov, Bengio 2013, section 3.2"

# --- the gradient at each step -------------------------------------------------------------------------

NOT_TRANSPOSED = Diagnosis("not-transposed", "These are the norms with W in place of W transposed.",
                           "From h_t = W h_{t-1} follows dL/dh_{t-1} = W^T dL/dh_t.", PASCANU)
REVERSED = Diagnosis("last-to-first", "These are the right numbers, last step first.",
                     "Going backwards in time you meet step T first: turn the list round.")
WITH_START = Diagnosis("start-included", "The gradient at the start, h_0, is in the list too.",
                       "Asked for are the steps 1 to T.")
ONE_POWER_MORE = Diagnosis("one-power-too-many",
                           "These are the steps 0 to T-1: each went through W once too often.",
                           "dL/dh_T has not gone through W at all: it is a vector of ones.")
RADIUS_POWERS = Diagnosis("powers-of-the-radius",
                          "These are powers of the spectral radius, not norms of the gradient.",
                          "The radius tells how the norm grows in the long run. Multiply the vector itself.")
MATRIX_NORM = Diagnosis("matrix-norm", "These are norms of the matrix (W^T)^(T-t), not of the gradient.",
                        "Multiply the matrix with the vector dL/dh_T = (1, ..., 1), and take that vector's "
                        "norm.")
ELEMENTWISE = Diagnosis("elementwise-power", "`**` takes the power of each entry of a matrix by itself.",
                        "A power of a matrix is torch.linalg.matrix_power, or a product for each step.",
                        pattern=r"\*\*|\bpow\(")
SQUARED = Diagnosis("squared-norm", "These are the squares of the norms.", "Take the root.")
ONE_NORM = Diagnosis("one-norm", "These are sums of absolute values (L1 norms).",
                     "The L2 norm is the root of the sum of squares.")
MEAN_LOSS = Diagnosis("mean-loss", "This is the gradient of the mean of h_T, not of its sum.",
                      "L = h_T.sum().")
EVERY_STEP = Diagnosis("loss-at-every-step", "This is the gradient of a loss summed over all steps.",
                       "Only h_T enters L = h_T.sum().")
FLOAT32 = Diagnosis("float32-range", "The numbers have left what float32 can hold: they end in inf or in 0.",
                    "Compute in float64: `weight.double()`.")

through_time = Call("gradient_through_time", normal(6, 6, std=0.45, dtype="float64"), 12)
exploding = Call("gradient_through_time", normal(8, 8, std=0.9), 200)
vanishing = Call("gradient_through_time", normal(8, 8, std=0.1), 100)


def backwards(weight: torch.Tensor, steps: int) -> list[torch.Tensor]:
    """dL/dh_t for t = 1 to `steps`, L = sum of h_steps, in float64."""
    gradients = [torch.ones(len(weight), dtype=torch.float64)]
    for _ in range(steps - 1):
        gradients.append(weight.double().T @ gradients[-1])
    return gradients[::-1]


def norms(vectors: Sequence[torch.Tensor]) -> list[float]:
    return [float(v.norm()) for v in vectors]


def mistaken(w: torch.Tensor, steps: int) -> dict[Diagnosis, list[float]]:
    """What gradient_through_time gives under each misconception."""
    right = backwards(w, steps)
    want = norms(right)
    longer = norms(backwards(w, steps + 1))
    radius = float(torch.linalg.eigvals(w).abs().max())
    ones = torch.ones(len(w), dtype=torch.float64)
    powers = range(steps - 1, -1, -1)
    summed = [ones]
    for _ in range(steps - 1):
        summed.append(ones + w.T @ summed[-1])
    return {
        NOT_TRANSPOSED: norms(backwards(w.T, steps)), REVERSED: want[::-1], WITH_START: longer,
        ONE_POWER_MORE: longer[:-1], MEAN_LOSS: [n / len(w) for n in want], SQUARED: [n * n for n in want],
        RADIUS_POWERS: [radius ** k for k in powers],
        MATRIX_NORM: [float(torch.linalg.matrix_power(w, k).norm()) for k in powers],
        ELEMENTWISE: [float((w.T ** k @ ones).norm()) for k in powers],
        ONE_NORM: [float(g.abs().sum()) for g in right], EVERY_STEP: norms(summed[::-1])}


@check(looks_at=through_time, points=3, read=PASCANU,
       hint="Begin with dL/dh_T. What is it for L = h_T.sum()? How does one step back change it?")
def gradients(seen: Seen) -> None:
    """`gradient_through_time(weight, steps)` gives the norm of dL/dh_t for t = 1 to `steps`, in
    this order."""
    w, steps = seen.given["0"], seen.given["1"]
    want = norms(backwards(w, steps))
    got = numbers(seen.value, "`gradient_through_time`'s list")
    if len(got) == len(want):
        seen.draw(curves("Norm of dL/dh_t", f"The expected curve ends at step {steps} with the root of "
                         f"{len(w)}.",
                         x_label="t", y_label="norm of dL/dh_t", yours=got, expected=want, log_y=True))
    # twelve steps: right ways differ by some 1e-14 in float64 and 1e-6 in float32, the misconceptions by per
    # cents
    expect_numbers(got, want, rtol=1e-5, what="`gradient_through_time`'s list", otherwise=mistaken(w, steps))


@check(looks_at=(exploding, vanishing), points=1, after=gradients,
       hint="Where does float32 end? Look at the first and the last entry for 200 steps.")
def long_sequences(grows: Seen, falls: Seen) -> None:
    """The norms are right for long sequences too, where they leave the range of float32."""
    for seen, what in (grows, "`gradient_through_time`'s list for a growing gradient"), \
                      (falls, "`gradient_through_time`'s list for a falling gradient"):
        want = norms(backwards(seen.given["0"], seen.given["1"]))
        got = numbers(seen.value, what)
        # float64 all the way: each of 200 products adds some 1e-16, amplified by the matrix' condition
        out_of_range = len(got) == len(want) and any(g == 0.0 or not math.isfinite(g) for g in got) and all(
            close(g, w, 1e-3) for g, w in zip(got, want, strict=True) if 1e-15 < w < 1e15)
        if out_of_range:
            fail(f"{what} has entries that are 0 or not finite; the expected ones lie between "
                 f"{min(want):.2g} and {max(want):.2g}.", FLOAT32)
        expect_numbers(got, want, rtol=1e-6, what=what)


# --- the regime ----------------------------------------------------------------------------------------

LABELS = ("vanishing", "stable", "exploding")

SINGULAR = Diagnosis("largest-singular-value",
                     "This is what the largest singular value says, not the spectral radius.",
                     "A product of many W is ruled by eigenvalues: torch.linalg.eigvals(weight).abs().max().",
                     PASCANU)
FROBENIUS = Diagnosis("frobenius-norm", "This is what the Frobenius norm says, not the spectral radius.",
                      "weight.norm() sums the squares of all entries. The radius is the largest absolute "
                      "eigenvalue.", PASCANU)
REAL_PARTS = Diagnosis("real-parts-only", "This is what the largest real part of an eigenvalue says.",
                       "A negative or complex eigenvalue counts with its absolute value: .abs().", PASCANU)
ABSOLUTE_REAL_PARTS = Diagnosis("imaginary-parts-dropped",
                                "This is what the eigenvalues' real parts alone say.",
                                "|a + ib| is the root of a^2 + b^2: take .abs() of the complex eigenvalue.",
                                PASCANU)
SYMMETRIC = Diagnosis("symmetric-solver", "This is what torch.linalg.eigvalsh gives: it reads half of the "
                      "matrix.",
                      "eigvalsh is for symmetric matrices. A recurrent weight is none: torch.linalg.eigvals.",
                      pattern="eigvalsh|eigh")
DETERMINANT = Diagnosis("determinant", "This is what the determinant says: the product of all eigenvalues.",
                        "The largest absolute eigenvalue decides, not the product of all.",
                        pattern=r"\bdet\(")
SWAPPED = Diagnosis("names-swapped", "`vanishing` and `exploding` have changed places.",
                    "A spectral radius above 1 makes gradients grow.")
NO_TOLERANCE = Diagnosis("no-tolerance", "Nothing but exactly 1 counts as stable.",
                         "A computed radius is never exactly 1: stable is everything within 0.01 of it.")


def radius(w: torch.Tensor) -> float:
    return float(torch.linalg.eigvals(w).abs().max())


MISTAKEN_RADIUS: Mapping[Diagnosis, Callable[[torch.Tensor], float]] = {
    SINGULAR: lambda w: float(torch.linalg.matrix_norm(w, 2)), FROBENIUS: lambda w: float(w.norm()),
    REAL_PARTS: lambda w: float(torch.linalg.eigvals(w).real.max()),
    ABSOLUTE_REAL_PARTS: lambda w: float(torch.linalg.eigvals(w).real.abs().max()),
    SYMMETRIC: lambda w: float(torch.linalg.eigvalsh(w).abs().max()),
    DETERMINANT: lambda w: abs(float(torch.linalg.det(w)))}


def label(value: float, tolerance: float = 0.01) -> str:
    return "stable" if abs(value - 1) <= tolerance else "vanishing" if value < 1 else "exploding"


def turned(*cores: Any) -> list[torch.Tensor]:
    """Each core in another orthonormal basis: eigenvalues and singular values stay."""
    generator = torch.Generator().manual_seed(7)
    matrices = []
    for core in cores:
        inner = torch.as_tensor(core, dtype=torch.float64)
        inner = torch.diag(inner) if inner.dim() == 1 else inner
        q, _ = torch.linalg.qr(torch.randn(len(inner), len(inner), dtype=torch.float64, generator=generator))
        matrices.append(q @ inner @ q.T)
    return matrices


def rotation(size: float, degrees: float, third: float = 0.3) -> list[list[float]]:
    """Eigenvalues size * exp(+-i angle) and `third`."""
    c, s = size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees))
    return [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, third]]


SYMMETRIC_ONES = turned([0.9, 0.8, 0.7, 0.1], [1.3, 0.1, 0.1, 0.0], [0.6, 0.3, 0.3, 0.1],
                        [1.8, 0.5, 0.3, 0.2],
                        [1.3, 1.2, 1.1, 0.5], [1.9, 1.5, 0.9, 0.5], [0.9, 0.3, 0.1, 0.0])
TURNING = turned(rotation(1.2, 90), rotation(0.8, 45), rotation(1.3, 120, 0.8), rotation(1.1, 60),
                 rotation(0.9, 20), [-1.2, 0.3, 0.2], [-0.8, 0.5, 0.1], rotation(1.2, 75), [-0.9, 0.8, -0.1],
                 [-1.3, 1.2, -1.1, 0.5])
# Triangular: the diagonal holds the eigenvalues, what stands above it makes the singular values large.
NON_NORMAL = turned(
    [[0.5, 8.0, 0.0], [0.0, 0.3, 6.0], [0.0, 0.0, -0.2]], [[1.2, 5.0, 1.0], [0.0, 0.7, 4.0], [0.0, 0.0, 0.1]],
    [[0.9, 3.0, 0.0], [0.0, -0.6, 2.0], [0.0, 0.0, 0.4]], [[0.7, 1.0, 9.0], [0.0, 0.2, 0.5], [0.0, 0.0, 0.6]],
    [0.9, 0.8, 0.1], [[0.2, 1.3, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.1]],
    [[0.5, 0.0, 0.0], [0.6, 0.4, 0.0], [0.0, 0.3, 0.2]], [[1.9, 2.0, 0.0], [0.0, 1.5, 1.0], [0.0, 0.0, 0.4]],
    [[1.4, 2.0, 0.0], [0.0, 1.3, 1.0], [0.0, 0.0, 0.5]])
NON_NORMAL.append(torch.tensor([[0.6, 5.0], [0.0, 0.4]], dtype=torch.float64))
NEAR_ONE = turned([0.995, 0.5, 0.2], [1.005, 0.5, 0.2], [0.985, 0.4, 0.1], [1.015, 0.4, 0.1], [1.0, 0.3, 0.2])

plain_matrices = Probe("regimes", uses=("regime",), weights=SYMMETRIC_ONES)
turning_matrices = Probe("regimes", uses=("regime",), weights=TURNING)
non_normal_matrices = Probe("regimes", uses=("regime",), weights=NON_NORMAL)
matrices_near_one = Probe("regimes", uses=("regime",), weights=NEAR_ONE)


def expect_regimes(seen: Seen, otherwise: Mapping[Diagnosis, Sequence[str]] | None = None) -> None:
    """The label of each matrix; where all labels are those of just one misconception, it is named."""
    weights = seen.given["weights"]
    got = seen.value if isinstance(seen.value, list) else []
    want = [label(radius(w)) for w in weights]
    for w, said, right in zip(weights, got, want, strict=False):
        seen.measure(f"matrix with spectral radius {radius(w):.3f}", described(said), repr(right))
    if len(got) == len(want) and all(isinstance(g, str) and g == w for g, w in zip(got, want, strict=True)):
        return
    strange = [g for g in got if not (isinstance(g, str) and g in LABELS)]
    if strange or len(got) != len(want):
        fail(f"`regime` gives {described(strange[0]) if strange else 'nothing'}; expected 'vanishing', "
             "'stable' or 'exploding'.")
    wrong = {d: [label(size(w)) for w in weights] for d,
             size in MISTAKEN_RADIUS.items()} | dict(otherwise or {})
    fits = [d for d, labels in wrong.items() if got == labels]
    at = next(i for i, (g, w) in enumerate(zip(got, want, strict=True)) if g != w)
    fail(f"For a matrix with spectral radius {radius(weights[at]):.3f}, `regime` gives {got[at]!r}; expected "
         f"{want[at]!r}.", fits[0] if len(fits) == 1 else None)


@check(looks_at=plain_matrices, points=1, hint="What is the largest absolute eigenvalue? Is it below or "
       "above 1?")
def regimes(seen: Seen) -> None:
    """`regime` calls a matrix "vanishing" if its spectral radius is below 1, and "exploding" if
    it is above."""
    other = {"vanishing": "exploding", "exploding": "vanishing", "stable": "stable"}
    expect_regimes(seen, {SWAPPED: [other[label(radius(w))] for w in seen.given["weights"]]})


@check(looks_at=turning_matrices, points=1, after=regimes, visible=False,
       hint="What are the eigenvalues of a rotation by 90 degrees? Of -1.2 times the identity?")
def turns_and_flips(seen: Seen) -> None:
    """`regime` is right for matrices that rotate or flip: with complex or negative eigenvalues."""
    expect_regimes(seen)


@check(looks_at=non_normal_matrices, points=2, after=regimes, read=PASCANU,
       hint="Can a product of many matrices shrink, although each can stretch a vector at first?")
def stretching_matrices(seen: Seen) -> None:
    """`regime` goes by the spectral radius also where a matrix stretches some vectors much more than that."""
    expect_regimes(seen)


@check(looks_at=matrices_near_one, points=1, after=regimes,
       hint="Which radii count as 1? The tolerance is 0.01.")
def near_one(seen: Seen) -> None:
    """`regime` calls a matrix "stable" if its spectral radius differs from 1 by at most 0.01."""
    weights = seen.given["weights"]
    got = seen.value if isinstance(seen.value, list) else []
    # the last one's radius is 1 up to rounding: whatever is said of it, the others show whether there is a
    # tolerance
    strict = [label(radius(w), 0.0) for w in weights[:-1]] + got[-1:]
    expect_regimes(seen, {NO_TOLERANCE: strict})


# --- clipping ------------------------------------------------------------------------------------------

ONE_BY_ONE = Diagnosis("clipped-one-by-one", "Each parameter's gradient was clipped by its own norm.",
                       "One norm over all gradients, one factor for all: only that keeps the direction.",
                       CLIPPING)
BY_VALUE = Diagnosis("clipped-by-value", "Each entry was cut off at max_norm.",
                     "Scale all gradients with one factor, so that the direction stays.", CLIPPING,
                     pattern="clip_grad_value|clamp")
UNCHANGED = Diagnosis("nothing-changed", "The gradients are what they were before.",
                      "`g = g * factor` makes a new tensor. `p.grad.mul_(factor)` changes the gradient "
                      "itself.")
TO_ONE = Diagnosis("scaled-to-one", "The gradients were scaled to norm 1, whatever max_norm is.",
                   "The factor is max_norm / norm.", CLIPPING)
ROOT_FORGOTTEN = Diagnosis("root-forgotten", "The square of the norm was taken for the norm.",
                           "Take the root.")
SUM_OF_NORMS = Diagnosis("sum-of-norms", "The norms of the single gradients were added.",
                         "Norms add like the sides of a right triangle: the root of the sum of their squares.")
LARGEST_NORM = Diagnosis("largest-norm", "The largest of the single gradients' norms was taken for the whole "
                         "one.", "The root of the sum of the squares of all norms.")
PARAMETERS_CLIPPED = Diagnosis("parameters-clipped", "The parameters were scaled instead of their gradients.",
                               "The gradient of a parameter p is p.grad.")
PARAMETER_NORM = Diagnosis("parameter-norm", "The norm of the parameters was taken, not of their gradients.",
                           "The gradient of a parameter p is p.grad.")
AFTERWARDS = Diagnosis("norm-after-clipping", "This is the norm after clipping.",
                       "Return the norm as it was before.", CLIPPING, pattern="return")
FACTOR = Diagnosis("factor-returned", "This is the factor max_norm / norm.",
                   "Return the norm itself, before clipping.")
RAISED = Diagnosis("small-gradients-raised", "Gradients below max_norm were scaled *up* to it.",
                   "Scale only if the norm is above max_norm.", CLIPPING)
DIVIDED_BY_ZERO = Diagnosis("divided-by-zero", "Gradients of 0 were divided by their norm.",
                            "Divide only where the norm is above max_norm.", CLIPPING)
USED_UP = Diagnosis("iterator-used-up", "With a list it works; an iterator can be gone through only once.",
                    "model.parameters() is an iterator: begin with parameters = list(parameters).")
STOPPED_AT_NONE = Diagnosis("stopped-at-none", "Not all parameters were gone through.",
                            "A parameter with p.grad None is passed over; those behind it are still to be "
                            "clipped.")
INVENTED = Diagnosis("gradient-invented", "A parameter that had no gradient has one now.",
                     "Leave parameters with p.grad None out.")

SHAPES = ((12, 5), (), (4, 6), (6,))
MAX_NORM = 2.5
SMALL = 2.0  # below max_norm, and its square above


def parameters_with(std: float) -> dict[str, Any]:
    """Inputs of a probe: parameters and their gradients, 91 numbers each."""
    return {"values": [normal(*shape, dtype="float64") for shape in SHAPES],
            "gradients": [normal(*shape, std=std, dtype="float64") for shape in SHAPES], "max_norm": MAX_NORM}


large = Probe("clipped", uses=("clip_gradients_",), **parameters_with(10.0))  # norm about 95
small = Probe("clipped", uses=("clip_gradients_",), **parameters_with(1.0), norm=SMALL)
zero = Probe("clipped", uses=("clip_gradients_",), **parameters_with(1.0), norm=0.0)
some_without = Probe("clipped", uses=("clip_gradients_",), **parameters_with(10.0), without=[1, 3])
in_one_pass = Probe("clipped", uses=("clip_gradients_",), **parameters_with(10.0), one_pass=True)

RTOL = 1e-5  # float64; PyTorch itself divides by the norm + 1e-6, some 1e-8 of it here


def total(tensors: Sequence[torch.Tensor]) -> float:
    return math.sqrt(sum(float(t.square().sum()) for t in tensors))


def after(seen: Seen, name: str) -> list[Any]:
    """The gradients or parameters afterwards."""
    found = seen.value.get(name) if isinstance(seen.value, dict) else None
    if not isinstance(found, list) or len(found) != len(SHAPES):
        fail(f"The {name} are not there any more.")
    return found


def alike_all(got: Sequence[Any], want: Sequence[torch.Tensor], rtol: float = RTOL) -> bool:
    return all(isinstance(g, torch.Tensor) and same(g, w, rtol) for g, w in zip(got, want, strict=True))


def expect_clipped(got: Sequence[Any], before: Sequence[torch.Tensor]) -> None:
    """The gradients are still tensors of their shapes, and not all of them what they were."""
    for g, b in zip(got, before, strict=True):
        if not isinstance(g, torch.Tensor) or g.shape != b.shape:
            fail(f"A gradient of shape {tuple(b.shape)} has become {described(g)}.")
    if alike_all(got, before):
        fail("`clip_gradients_` changes no gradient, though their norm is above max_norm.", UNCHANGED)


@check(looks_at=large, points=2, read=CLIPPING,
       hint="One norm over all gradients, one factor for all of them.")
def clips(seen: Seen) -> None:
    """`clip_gradients_` scales all gradients by one factor, so that their norm taken together is
    `max_norm`."""
    before = seen.given["gradients"]
    norm = total(before)
    got, parameters = after(seen, "gradients"), after(seen, "parameters")
    if not alike_all(parameters, seen.given["values"]):
        fail("The parameters have other values after clipping.",
             PARAMETERS_CLIPPED if alike_all(got, before) else None)
    expect_clipped(got, before)
    seen.measure("norm of all gradients", f"{total([g.double() for g in got]):.6g}", f"{MAX_NORM:g}")
    if alike_all(got, [g * MAX_NORM / norm for g in before]):
        return
    each = [float(g.norm()) for g in before]
    wrong = {
        ONE_BY_ONE: [g * min(1.0, MAX_NORM / n) for g, n in zip(before, each, strict=True)],
        BY_VALUE: [g.clamp(-MAX_NORM, MAX_NORM) for g in before], TO_ONE: [g / norm for g in before],
        ROOT_FORGOTTEN: [g * MAX_NORM / norm ** 2 for g in before],
        SUM_OF_NORMS: [g * MAX_NORM / sum(each) for g in before],
        LARGEST_NORM: [g * MAX_NORM / max(each) for g in before],
        PARAMETER_NORM: [g * MAX_NORM / total(seen.given["values"]) for g in before]}
    fits = [d for d, gradients in wrong.items() if alike_all(got, gradients)]
    fail(f"The gradients' norm was {norm:.4g}, max_norm is {MAX_NORM:g}: each gradient should have been "
         "multiplied by " f"{MAX_NORM / norm:.4g}.", fits[0] if len(fits) == 1 else None)


@check(looks_at=large, points=1, hint="Which number tells you that the gradients have exploded?")
def returns_the_norm(seen: Seen) -> None:
    """`clip_gradients_` returns the norm of all gradients taken together, as it was before clipping."""
    before = seen.given["gradients"]
    norm, each = total(before), [float(g.norm()) for g in before]
    expect_number(seen.value.get("returned") if isinstance(seen.value, dict) else None, norm, rtol=RTOL,
                  what="What `clip_gradients_` returns", otherwise={
                      AFTERWARDS: MAX_NORM, FACTOR: MAX_NORM / norm, SUM_OF_NORMS: sum(each),
                      LARGEST_NORM: max(each),
                      ROOT_FORGOTTEN: norm ** 2, PARAMETER_NORM: total(seen.given["values"])})


@check(looks_at=(small, zero, large), points=1, may_raise=True,
       hint="What should happen if the norm is below max_norm already?")
def small_gradients(little: Seen, nothing: Seen, much: Seen) -> None:
    """Gradients whose norm is below `max_norm` stay as they are."""
    for seen in (much, little):
        if seen.raised:
            fail_as_raised(seen)
    expect_clipped(after(much, "gradients"), much.given["gradients"])
    norm = total(little.given["gradients"])
    before, got = [g * SMALL / norm for g in little.given["gradients"]], after(little, "gradients")
    if not alike_all(got, before):
        factors = {RAISED: MAX_NORM / SMALL, ROOT_FORGOTTEN: MAX_NORM / SMALL ** 2,
                   SUM_OF_NORMS: MAX_NORM / sum(float(g.norm()) for g in before)}
        fits = [d for d, factor in factors.items() if alike_all(got, [g * factor for g in before])]
        fail(f"The gradients' norm was {SMALL:g}, below max_norm {MAX_NORM:g}, and yet they have been "
             "changed.", fits[0] if len(fits) == 1 else None)
    if nothing.raised:
        fail_as_raised(nothing, DIVIDED_BY_ZERO if nothing.raised.error == "ZeroDivisionError" else None)
    same_parameters = alike_all(after(nothing, "parameters"), nothing.given["values"])
    if not same_parameters or not alike_all(after(nothing, "gradients"),
                                            [0 * g for g in nothing.given["gradients"]]):
        fail("The gradients were all 0: neither they nor the parameters should have changed.",
             DIVIDED_BY_ZERO if same_parameters else None)


def left_out(got: Sequence[torch.Tensor], before: Sequence[torch.Tensor]) -> bool:
    """Is a gradient what it was? Only of many numbers: whatever way they are clipped, some of them change."""
    return any(b.numel() > 6 and same(g, b, RTOL) for g, b in zip(got, before, strict=True))


def expect_smaller(got: Sequence[torch.Tensor], before: Sequence[torch.Tensor]) -> None:
    """Clipped somehow: how well is what `clips` says."""
    now, then = total([g.double() for g in got]), total(before)
    if not 0 < now < then:
        fail(f"The gradients' norm was {then:.4g} and is {now:.4g} afterwards.")


@check(looks_at=some_without, points=1, visible=False,
       hint="What is p.grad for a parameter that the loss does not use?")
def skips_none(seen: Seen) -> None:
    """Parameters without a gradient are skipped: their gradient stays None, and the others' are clipped."""
    without, before, got = seen.given["without"], seen.given["gradients"], after(seen, "gradients")
    if any(got[i] is not None for i in without):
        fail("A parameter whose gradient was None has a gradient after clipping.", INVENTED)
    there = [i for i in range(len(SHAPES)) if i not in without]
    expect_clipped([got[i] for i in there], [before[i] for i in there])
    expect_smaller([got[i] for i in there], [before[i] for i in there])
    if left_out([got[i] for i in there], [before[i] for i in there]):
        fail("A gradient is not clipped, where another parameter has none.", STOPPED_AT_NONE)


@check(looks_at=(in_one_pass, large), points=1, visible=False,
       hint="Try `clip_gradients_(model.parameters(), 1.0)`.")
def takes_an_iterator(once: Seen, listed: Seen) -> None:
    """It works for any iterable of parameters, as `model.parameters()` is one that can be gone through only
    once."""
    expect_clipped(after(listed, "gradients"), listed.given["gradients"])
    before, got = once.given["gradients"], after(once, "gradients")
    if alike_all(got, before):
        fail("With an iterator in place of a list, no gradient is changed.", USED_UP)
    expect_clipped(got, before)
    if left_out(got, before):
        fail("With an iterator in place of a list, a gradient is not clipped.", USED_UP)
    expect_smaller(got, before)
