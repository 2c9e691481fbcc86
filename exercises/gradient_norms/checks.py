"""What hooks that record gradient norms, their total and a diagnosis must do.

Every promise has a net of its own, in float64. Tied and frozen parameters appear only in their own, and a
formula that is not the L2 norm costs `norms` only: the other checks ask which gradient was recorded, by
whatever formula.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch

from grader.spec import (
    Call,
    Probe,
    Seen,
    Step,
    alike,
    check,
    close,
    described,
    fail,
    normal,
    number,
    the_one,
)

from .misconceptions import (
    ACCUMULATED,
    ADDED_UP,
    ERASED,
    FORMULAS,
    KEPT_GRAPHS,
    MISREADINGS,
    MODULE_NAMES,
    NO_HANDLES,
    NOTHING,
    ONE_BUFFER,
    ONE_KEY,
    PARAMETER,
    PREFILLED,
    READ_HOOKS,
    SCALAR_SKIPPED,
    SHORT_NAMES,
    SOME_HANDLES,
    STALE,
    TIED_TWICE,
    TOTALS,
    UNFROZEN,
    WEIGHTS_ONLY,
    weights_of,
)
from .observed import (
    RTOL,
    entries,
    fits,
    identical,
    l2_norms,
    listed,
    of_gradient,
    off,
    pictured,
    recorded,
    spoiling,
    tabulated,
    tensors,
    unchanged,
    unlike,
)
from .reference import gradients, l2, scaled_net, tied_net, total, trained_parameters

HOOKS = ("attach_gradient_norm_hooks",)
# above 1: with a single example every weight's gradient has rank 1, and the spectral norm is the L2 norm
BATCH = 32
STEPS = 50

# --- what is observed ------------------------------------------------------------------------------------


def linear(name: str, n_in: int, n_out: int) -> dict[str, Any]:
    """The parameters of one layer, to be drawn."""
    return {f"{name}.weight": normal(n_out, n_in, std=n_in**-0.5, dtype="float64"),
            f"{name}.bias": normal(n_out, std=0.1, dtype="float64")}


def data(n_in: int, n_out: int, *batches: int) -> dict[str, Any]:
    """Inputs and targets, one batch or several of BATCH examples."""
    return {"x": normal(*batches, BATCH, n_in, dtype="float64"),
            "y": normal(*batches, BATCH, n_out, dtype="float64")}


def scaled(*sizes: int, batches: tuple[int, ...] = ()) -> dict[str, Any]:
    """The inputs of a probe with the net Scaled(*sizes)."""
    drawn: dict[str, Any] = {"gain": normal(dtype="float64")}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        drawn |= linear(f"layers.{i}", n_in, n_out)
    return {"parameters": drawn, **data(sizes[0], sizes[-1], *batches)}


def layers(*weights: float, bias: float = 1.0) -> Step:
    """`diagnose` on the norms of a net's weights, first layer to last, each followed by its bias's."""
    return Call("diagnose", {name: norm for i, weight in enumerate(weights)
                             for name, norm in ((f"{i}.weight", weight), (f"{i}.bias", bias))})


partly_frozen = linear("first", 8, 8) | linear("frozen", 8, 8) | linear("last", 8, 8) | linear("unused", 8, 8)
tied_layers = linear("first", 8, 8) | {"second.bias": normal(8, std=0.1, dtype="float64")}

named = Probe("one_backward", uses=HOOKS, **scaled(6, 9, 4))
measured = Probe("one_backward", uses=HOOKS, **scaled(12, 16, 8, 3))
repeated = Probe("two_backwards", uses=HOOKS, **scaled(7, 10, 5, batches=(2,)))
guarded = Probe("partly_frozen", uses=HOOKS, parameters=partly_frozen, **data(8, 8))
shared = Probe("tied_weight", uses=HOOKS, parameters=tied_layers, **data(8, 8))
trained = Probe("training_twice", uses=HOOKS, **scaled(6, 8, 4, batches=(4,)))
removed = Probe("removed", uses=HOOKS, **scaled(5, 8, 3, batches=(2,)))
lasting = Probe("fifty_steps", uses=HOOKS, steps=STEPS, **scaled(5, 8, 3))

known_total = Call("global_norm", {"0.weight": 3.0, "0.bias": 4.0, "1.weight": 12.0, "1.bias": 84.0})  # 85
drawn_total = Probe("total", uses=("global_norm",), values=normal(9, dtype="float64"))

PROFILES = {  # what is asked -> what the notebook's rule answers
    layers(0.9, 1.1, 1.3, 1.0): "stable",
    layers(2e-2, 0.1, 0.4, 1.0): "stable",                 # a factor of 50 is not yet vanishing
    layers(60.0, 9.0, 3.0, 1.0): "stable",
    layers(5e-3, 0.1, 1.0): "stable",                      # on both sides of a thousand
    layers(300.0, 9.0, 1.0): "stable",
    layers(4e-4, 0.1, 1.0): "vanishing",
    layers(3e3, 9.0, 1.0): "exploding",
    layers(1.0, 1e-5, 1.0): "stable",                      # first and last count, not the smallest
    layers(1.0, 1e5, 1.0): "stable",                       # nor the largest
    layers(3e-9, 2e-9, 1e-9, bias=1e-9): "stable",         # all small alike: the rule compares layers
    layers(2e-6, 3e-4, 2e-2, 1.0): "vanishing",
    layers(1e-8, 1e-5, 1e-2, 1.0, bias=1e-8): "vanishing",
    layers(0.0, 1e-9, 1e-3, 0.1): "vanishing",
    layers(0.0, 0.0, 0.0, bias=0.0): "vanishing",          # float32 norms underflow to exactly 0
    layers(7e6, 2e4, 3e2, 1.0): "exploding",
    layers(2e7, 1e4, 5.0, 1.0, bias=2e7): "exploding",
    layers(1.0, math.nan, 1.0): "exploding",
    layers(math.inf, 1e30, 1.0): "exploding",
    layers(1.0, 1.0, bias=math.inf): "exploding",
}

# --- what is promised ------------------------------------------------------------------------------------


@check(looks_at=named, points=1, read="torch.nn.Module.named_parameters",
       hint="Loop over `model.named_parameters()` and use its names as they are.")
def names(seen: Seen) -> None:
    """After a backward, the dict has one entry for each parameter that received a gradient, under its full
    name."""
    want, got = set(seen.given["parameters"]), set(recorded(seen))
    if got == want:
        return
    if not got:
        fail("The dict is empty after a backward.", NOTHING)
    weights = {name for name in want if name.endswith("weight")}
    modules = {name.rpartition(".")[0] for name in want} | {"gain"}
    short = {name.rpartition(".")[2] for name in want}
    missing, extra = want - got, got - want
    told = [f"No entry for {listed(missing)}"] if missing else []
    told += [f"Not a parameter's name: {listed(extra)}"] if extra else []
    fail(". ".join(told) + ".", the_one([
        (SCALAR_SKIPPED, got == want - {"gain"}),
        (WEIGHTS_ONLY, got == weights),
        (ONE_KEY, len(got) == 1 and got <= want),
        (MODULE_NAMES, len(got) > 1 and not got & want and got <= modules),
        (SHORT_NAMES, not got & weights and got <= short)]))


@check(looks_at=measured, points=5, hint="The L2 norm is the root of the sum of the squared entries.",
       read=READ_HOOKS)
def norms(seen: Seen) -> None:
    """Each entry is the L2 norm of that parameter's gradient."""
    right = gradients(scaled_net, **seen.given)
    got, want = entries(recorded(seen), right), l2_norms(right)
    tabulated(seen, "norm", got, want)
    pictured(seen, got, want)
    wrong = off(got, want)
    if not wrong:
        return
    value = got[wrong[0]]
    all_equal = len(got) > 1 and set(got.values()) == {value}
    fail(f"The entry for `{wrong[0]}` is {value:.6g}; the L2 norm of its gradient is {want[wrong[0]]:.6g}. "
         f"{len(got) - len(wrong)} of {len(got)} entries are right.", the_one([
             *((mistake, fits(got, formula, right)) for mistake, formula in FORMULAS.items()),
             (PARAMETER, fits(got, l2, seen.given["parameters"])),
             (ONE_BUFFER, all_equal and any(close(value, norm, RTOL) for norm in want.values()))]))


@check(looks_at=repeated, points=2, read=READ_HOOKS,
       hint="Two backwards in a row, without zero_grad: the second one's own gradient counts, not `.grad`.")
def each_backward(seen: Seen) -> None:
    """Each backward overwrites the entries with the norms of its own gradients."""
    p, x, y = (seen.given[name] for name in ("parameters", "x", "y"))
    first, second = gradients(scaled_net, p, x[0], y[0]), gradients(scaled_net, p, x[1], y[1])
    got, want = entries(recorded(seen, "second"), p), l2_norms(second)
    if of_gradient(got, second):
        return
    tabulated(seen, "norm after the second backward", got, want)
    worst = next(iter(off(got, want) or got))
    fail(f"After the second backward the entry for `{worst}` is {got[worst]:.6g}; the norm of that "
         f"backward's own gradient is {want[worst]:.6g}.", the_one([
             (ACCUMULATED, of_gradient(got, {name: first[name] + second[name] for name in first})),
             (STALE, of_gradient(got, first)),
             (ADDED_UP, of_gradient(got, first, second)),
             (PARAMETER, fits(got, l2, p))]))


@check(looks_at=guarded, points=1, after=names, read="torch.Tensor.requires_grad",
       hint="A hook can only be registered on a tensor that requires a gradient.")
def frozen(seen: Seen) -> None:
    """Frozen and unused parameters cause no error, get no entry, and stay as they were."""
    got, brought = set(recorded(seen)), seen.mapping()
    if brought.texts("trainable_before") != brought.texts("trainable_after"):
        fail("`requires_grad` of some parameters is not what it was before the hooks were attached.",
             UNFROZEN)
    want = {"first.weight", "first.bias", "last.weight", "last.bias"}
    if want - got:
        fail(f"In a net with a frozen and an unused layer there is no entry for {listed(want - got)}.")
    if got - want:
        fail(f"{listed(got - want)} received no gradient, and yet there is an entry.",
             PREFILLED if got <= set(seen.given["parameters"]) else None)


@check(looks_at=shared, points=1, visible=False, read="torch.nn.Module.named_parameters",
       hint="`model.named_parameters()` names a shared parameter once; its gradient is the sum over all its "
       "uses.")
def tied(seen: Seen) -> None:
    """A weight that two layers share counts once, with its whole gradient."""
    weight = seen.given["parameters"]["first.weight"]
    gradient = gradients(tied_net, **seen.given)["first.weight"]
    found = recorded(seen)
    uses = [name for name in ("first.weight", "second.weight") if name in found]
    if not uses:
        fail("The weight that two layers share has no entry.")
    if len(uses) > 1:
        fail("The weight that two layers share has two entries.", TIED_TWICE)
    got = number(found[uses[0]], f"The entry for `{uses[0]}`")
    if not of_gradient({"weight": got}, {"weight": gradient}):
        fail(f"The entry for the weight that two layers share is {got:.6g}; the norm of its gradient, summed "
             f"over both uses, is {float(l2(gradient)):.6g}.",
             PARAMETER if close(got, float(l2(weight)), RTOL) else None)


@check(looks_at=trained, points=2, after=names, visible=False, read=READ_HOOKS,
       hint="Train the same net with and without your hooks. What does a tensor hook's return value do?")
def gradients_untouched(seen: Seen) -> None:
    """With hooks, training takes exactly the same steps as without: bit for bit."""
    drawn, x, y = (seen.given[name] for name in ("parameters", "x", "y"))
    start = {**drawn, "gain": -2.0 - drawn["gain"].abs()}      # as the probe has it
    brought = seen.mapping()
    hooked, plain = (tensors(brought.mapping(f"parameters_{word}")) for word in ("with", "without"))
    # Twice the same arithmetic on one machine is bitwise equal; on two machines sums may differ by rounding.
    want = trained_parameters(start, x, y)
    bitwise = all(n in hooked and n in plain and identical(hooked[n], plain[n]) for n in want)
    if bitwise and not unlike(hooked, want, 1e-9):
        return
    right = gradients(scaled_net, start, x[0], y[0])
    found = brought.mapping("gradients_with")
    spoiled = unlike(tensors(found), right, 1e-9)
    if not spoiled:
        fail("The first gradients are right, but after two training steps the parameters are not the same "
             "with hooks and without.")
    gone = all(name in found and found[name] is None for name in right)
    fail(f"With hooks, the gradient of {listed(spoiled)} is not what it is without.",
         ERASED if gone else spoiling(tensors(found), right))


@check(looks_at=removed, points=2, after=names, read="torch.utils.hooks.RemovableHandle",
       hint="`register_hook` returns a handle; collect them all.")
def removable(seen: Seen) -> None:
    """Once every handle that was returned is removed, nothing is recorded any more."""
    handles, gone = seen.mapping().whole("handles"), seen.mapping().whole("removed")
    if handles < 1:
        fail("No list of handles came back beside the dict.", NO_HANDLES)
    if gone != handles:
        fail(f"Of the {handles} handles that came back, {handles - gone} cannot be removed: no `remove()`.")
    before, after = recorded(seen, "before"), recorded(seen, "after")
    changed = [n for n, v in after.items() if n not in before or not unchanged(before[n], v)]
    changed += [n for n in before if n not in after]
    if changed:
        fail(f"With every handle removed (number of handles: {handles}), a backward still changes "
             f"{listed(changed)}.", SOME_HANDLES if len(changed) < len(after) else None)


@check(looks_at=lasting, points=1, after=names, visible=False, read="torch.Tensor.detach",
       hint="Whatever holds a loss or an output holds the whole graph behind it.")
def no_leak(seen: Seen) -> None:
    """Entries are floats or detached tensors, and no step's graph outlives the step."""
    attached, alive = seen.mapping().texts("attached"), seen.mapping().whole("alive")
    seen.measure(f"graphs alive after {STEPS} steps", str(alive), "0")
    if attached:
        fail(f"The entries for {listed(attached)} are tensors that require a gradient.")
    if alive != 0:
        fail(f"Graphs still in memory after {STEPS} steps: {alive}.",
             KEPT_GRAPHS if alive == STEPS else None)


@check(looks_at=(known_total, drawn_total), points=2, read="torch.nn.utils.clip_grad_norm_",
       hint="All gradients in one long vector: what is its length, if the lengths of the pieces are known?")
def global_norm(known: Seen, drawn: Seen) -> None:
    """The total is the norm of all gradients taken as one vector, as `clip_grad_norm_` computes it."""
    pieces = [torch.tensor(list(known.given["0"].values()), dtype=torch.float64), drawn.given["values"].abs()]
    got = [number(seen.value, "The total") for seen in (known, drawn)]
    want = [total(piece) for piece in pieces]
    for seen, piece, value, right in zip((known, drawn), pieces, got, want, strict=True):
        seen.measure(f"total of {len(piece)} norms", f"{value:.6g}", f"{right:.6g}")
    if alike(got, want, RTOL):
        return
    worst = 0 if not close(got[0], want[0], RTOL) else 1
    asked = ("the norms 3, 4, 12 and 84", "nine norms")[worst]
    fail(f"The total of {asked} is {got[worst]:.6g}; `clip_grad_norm_` says {want[worst]:.6g}.",
         the_one((mistake, alike(got, [float(formula(piece)) for piece in pieces], RTOL))
                 for mistake, formula in TOTALS.items()))


@check(looks_at=tuple(PROFILES), points=3,
       hint="Go through the notebook's rule in its order: what is not finite, then the first weight against "
       "the last.", read="Pascanu, Mikolov and Bengio 2013, section 2")
def diagnose(*asked: Seen) -> None:
    """`diagnose` answers "vanishing", "exploding" or "stable" by the notebook's rule."""
    profiles = [seen.given["0"] for seen in asked]
    wants = [PROFILES[seen.step] for seen in asked]
    answers = [seen.value for seen in asked]
    for seen, profile, answer, want in zip(asked, profiles, answers, wants, strict=True):
        weights = ", ".join(f"{norm:g}" for norm in weights_of(profile))
        seen.measure(f"weights' norms {weights}", described(answer), repr(want))
    said = [answer if isinstance(answer, str) else None for answer in answers]
    wrong = [i for i, want in enumerate(wants) if said[i] != want]
    if not wrong:
        return
    i = wrong[0]
    told = ", ".join(f"{name}: {norm:g}" for name, norm in profiles[i].items())
    fail(f"{len(wrong)} of {len(asked)} answers are wrong. For the norms {{{told}}} the rule says "
         f"{wants[i]!r}; `diagnose` answered {described(answers[i])}.",
         the_one((mistake, said == [misread(profile) for profile in profiles])
                 for mistake, misread in MISREADINGS.items()))
