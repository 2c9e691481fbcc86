"""What hooks that record gradient norms, their total and a diagnosis must do.

Tied and frozen parameters, and a layer without bias, appear only where it is asked of them. Which names the
dict has is for `names` to say, and by which formula of what for `norms`: where these find fault, the other
checks ask of the entries that are there whether they are norms, or what stands in their place, of the
gradients in question.
"""

from __future__ import annotations

import math

import torch

from grader.spec import (
    Probe,
    Seen,
    alike,
    check,
    close,
    described,
    fail,
    normal,
    number,
    the_one,
)

from .backwards import expect_odd_gradients_recorded, expect_own_gradients
from .misconceptions import (
    DICT_CHANGED,
    DICT_SECOND,
    DIVIDED,
    ENTRY_NEEDS_GRAPH,
    ERASED,
    ERRORS,
    FROZEN_ERRORS,
    KEPT_GRAPHS,
    MISALIGNED,
    MISREADINGS,
    MODULE_NAMES,
    NO_HANDLES,
    NOTHING,
    ONE_BUFFER,
    ONE_DICT,
    ONE_KEY,
    PARAMETER,
    PREFILLED,
    READ_HOOKS,
    SCALAR_SKIPPED,
    SHORT_NAMES,
    SIGNALS,
    SOME_HANDLES,
    SPELLED,
    TIED_TWICE,
    TOTALS,
    UNFROZEN,
    WEIGHTS_ONLY,
)
from .nets import PARTLY_FROZEN, TIED, data, scaled
from .observed import (
    RTOL,
    differing,
    entries,
    explained,
    fits,
    formula_of,
    identical,
    l2_norms,
    listed,
    of_gradients,
    off,
    pictured,
    recorded,
    spoiling,
    tabulated,
    tensors,
    unlike,
    whole,
)
from .profiles import PROFILES, show
from .reference import (
    gradients,
    l2,
    partly_frozen_net,
    scaled_net,
    signal_gradients,
    tied_net,
    total,
    trained_parameters,
)

HOOKS = ("attach_gradient_norm_hooks",)
STEPS = 30
SCALE = 1e5     # of the loss that is trained with: gradients are above any bound to which people clip them

# --- what is observed ------------------------------------------------------------------------------------


named = Probe("one_backward", uses=HOOKS, **scaled(6, 9, 4))
measured = Probe("two_backwards", uses=HOOKS, **scaled(12, 16, 8, 3, batches=(2,)))
odd = Probe("odd_backwards", uses=HOOKS, **scaled(6, 6, 6, 4))
guarded = Probe("partly_frozen", uses=HOOKS, parameters=PARTLY_FROZEN, **data(8, 8))
shared = Probe("tied_weight", uses=HOOKS, parameters=TIED, **data(8, 8))
trained = Probe("training_twice", uses=HOOKS, scale=SCALE, **scaled(6, 8, 4, batches=(4,)))
removed = Probe("removed", uses=HOOKS, **scaled(5, 8, 3, batches=(2,)))
lasting = Probe("many_steps", uses=HOOKS, steps=STEPS, **scaled(5, 8, 3))

TOTAL = ("global_norm",)
known_total = Probe("total", uses=TOTAL, values=torch.tensor([3.0, 4, 12, 84], dtype=torch.float64))     # 85
drawn_total = Probe("total", uses=TOTAL, values=normal(9, dtype="float64"))
infinite_total = Probe("total", uses=TOTAL, values=torch.tensor([3.0, math.inf], dtype=torch.float64))

# --- what is promised ------------------------------------------------------------------------------------


@check(looks_at=named, points=1, read="torch.nn.Module.named_parameters", errors=ERRORS,
       hint="Loop over `model.named_parameters()` and use its names as they are.")
def names(seen: Seen) -> None:
    """After a backward, the dict has one entry for each parameter that received a gradient, under its full
    name."""
    want, got = set(seen.given["parameters"]), set(recorded(seen))
    if seen.mapping()["dict_first"] is not True:
        fail(f"The first thing that `attach_gradient_norm_hooks` returns is of type "
             f"{seen.mapping().text('first')}; expected the dict of norms.", DICT_SECOND)
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
       read=READ_HOOKS, errors=ERRORS)
def norms(seen: Seen) -> None:
    """Each entry is the L2 norm of that parameter's gradient."""
    p, x, y = (seen.given[name] for name in ("parameters", "x", "y"))
    right = gradients(scaled_net, p, x[0], y[0])
    first = recorded(seen, "first")
    got, want = entries(first or recorded(seen, "second")), l2_norms(right)
    tabulated(seen, "norm", got, want)
    pictured(seen, got, want)
    # after which backward they are there is for `each_backward` to say
    if explained(got, l2, right) or (not first and of_gradients(got, right)):
        if not fits(got, l2, right):
            seen.follows("names", "each-backward")
        return
    wrong = off(got, want) or list(got)
    expected = (f"; expected {want[wrong[0]]:.6g}, the L2 norm of its gradient" if wrong[0] in want
                else ", the L2 norm of no parameter's gradient")
    all_equal = len(got) > 1 and len(set(got.values())) == 1
    found = fits(got, l2, right, named=False)
    fail(f"The entry for `{wrong[0]}` is {got[wrong[0]]:.6g}{expected}. {len(got) - len(wrong)} of "
         f"{len(got)} entries are right.", formula_of(got, right) or the_one([
             (PARAMETER, explained(got, l2, p)),
             (SIGNALS, fits(got, l2, signal_gradients(p, x[0], y[0]), named=False)),
             (ONE_BUFFER, all_equal and found),
             (MISALIGNED, not all_equal and found)]))


@check(looks_at=(measured, odd), points=2, read=READ_HOOKS, errors=ERRORS,
       hint="Two backwards in a row, without zero_grad: the second one's own gradient counts, not `.grad`. A "
       "gradient may also be 0 or NaN, and a layer may take no part.")
def each_backward(seen: Seen, odd: Seen) -> None:
    """Each backward overwrites the entries with the norms of its own gradients, be they 0 or NaN."""
    seen.follows("names", "norms")
    expect_own_gradients(seen)
    expect_odd_gradients_recorded(odd)


@check(looks_at=(guarded, named), points=1, read="torch.Tensor.requires_grad",
       errors=FROZEN_ERRORS,
       hint="A hook can only be registered on a tensor that requires a gradient.")
def frozen(seen: Seen, plain: Seen) -> None:
    """Frozen and unused parameters, and a layer without bias, cause no error; they get no entry, and stay as
    they were."""
    found, brought = recorded(seen), seen.mapping()
    if brought["same"] is not True:
        fail("`requires_grad` of some parameters is not what it was before the hooks were attached.",
             UNFROZEN)
    got = entries(found)
    right = gradients(partly_frozen_net, **seen.given)
    idle = {name for name in found if name in seen.given["parameters"] and name not in right}
    if whole(recorded(plain), plain.given["parameters"]):
        if missing := set(right) - set(found):
            fail(f"In a net with a frozen and an unused layer there is no entry for {listed(missing)}.")
        if extra := set(found) - set(right):
            fail(f"{listed(extra)} received no gradient, and yet there is an entry.",
                 PREFILLED if extra == idle else None)
        return
    seen.follows("names")
    if idle and not of_gradients({name: got[name] for name in idle}, right):
        fail(f"{listed(idle)} received no gradient, and yet there is an entry.", PREFILLED)


@check(looks_at=(shared, named), points=1, visible=False, read="torch.nn.Module.named_parameters",
       errors=ERRORS, hint="`model.named_parameters()` names a shared parameter once; its gradient is the "
       "sum over all its uses.")
def tied(seen: Seen, plain: Seen) -> None:
    """A weight that two layers share counts once, with its whole gradient."""
    seen.follows("names", "norms")
    right, found = gradients(tied_net, **seen.given), recorded(seen)
    uses = [name for name in ("first.weight", "second.weight") if name in found]
    if len(uses) > 1:
        fail("The weight that two layers share has two entries; expected one.", TIED_TWICE)
    if not whole(recorded(plain), plain.given["parameters"]):   # as `names` says
        entries(found)
        return
    if not uses:
        fail("The weight that two layers share has no entry; expected one.")
    if uses != ["first.weight"]:
        fail("The weight that two layers share has its entry under `second.weight`; expected `first.weight`, "
             "as `named_parameters()` calls it.")
    got, want = number(found[uses[0]], f"The entry for `{uses[0]}`"), right["first.weight"]
    of_the_weight = close(got, float(l2(seen.given["parameters"]["first.weight"])), RTOL)
    if not (of_gradients({"weight": got}, right) or of_the_weight):      # of which, is for `norms` to say
        fail(f"The entry for the weight that two layers share is {got:.6g}; expected {float(l2(want)):.6g}, "
             "the norm of its gradient, summed over both uses.")


@check(looks_at=(trained, odd), points=2, visible=False, read=READ_HOOKS, errors=ERRORS,
       hint="Train the same net with and without your hooks. What does a tensor hook's return value do?")
def gradients_untouched(seen: Seen, odd: Seen) -> None:
    """With hooks, training takes exactly the same steps as without: bit for bit."""
    drawn, x, y = (seen.given[name] for name in ("parameters", "x", "y"))
    start = {**drawn, "gain": -2.0 - drawn["gain"].abs()}      # as the probe has it
    brought = seen.mapping()
    if brought.whole("recorded") < 1:
        fail("Nothing was recorded while the net was trained.", NOTHING)
    if changed := brought.texts("changed"):
        fail(f"Attaching the hooks alone changed {', '.join(changed[:4])}; expected no change.")
    hooked, plain = (tensors(brought.mapping(f"parameters_{word}")) for word in ("with", "without"))
    # Twice the same arithmetic on one machine is bitwise equal; on two machines sums may differ by rounding.
    want = trained_parameters(start, x, y, SCALE)
    bitwise = all(n in hooked and n in plain and identical(hooked[n], plain[n]) for n in want)
    if bitwise and not unlike(hooked, want, 1e-9):
        if finite := odd.mapping().texts("finite"):
            fail(f"With NaN in the loss, the gradient of {listed(finite)} is finite with hooks; expected "
                 "NaN, as without.")
        return
    right = {name: SCALE * gradient for name, gradient in gradients(scaled_net, start, x[0], y[0]).items()}
    found = brought.mapping("gradients_with")
    spoiled = unlike(tensors(found), right, 1e-9)
    if not spoiled:
        fail("The first gradients are right, but after two training steps the parameters are not the same "
             "with hooks and without.")
    gone = all(name in found and found[name] is None for name in right)
    fail(f"With hooks, the gradient of {listed(spoiled)} is not what it is without.",
         ERASED if gone else spoiling(tensors(found), right))


@check(looks_at=removed, points=2, read="torch.utils.hooks.RemovableHandle", errors=ERRORS,
       hint="`register_hook` returns a handle; collect them all.")
def removable(seen: Seen) -> None:
    """Once every handle that was returned is removed, nothing is recorded any more; and hooks can be attached
    anew."""
    handles, gone = seen.mapping().whole("handles"), seen.mapping().whole("removed")
    if handles < 1:
        fail("No list of handles came back beside the dict.", NO_HANDLES)
    if gone != handles:
        fail(f"Of the {handles} handles that came back, {handles - gone} cannot be removed: no `remove()`.")
    before, after, anew, old, fresh = (recorded(seen, part)
                                       for part in ("before", "after", "anew", "old", "fresh"))
    entries(before)
    if changed := differing(before, after):
        fail(f"With every handle removed (number of handles: {handles}), a backward still changes "
             f"{listed(changed)}.", SOME_HANDLES if len(changed) < len(after) else None)
    if changed := differing(after, old):
        fail(f"Attached anew, the hooks change {listed(changed)} in the first call's dict.", ONE_DICT)
    counts = [seen.mapping().whole(f"handles_{net}") for net in ("anew", "fresh")]
    if counts != [handles, handles]:
        fail(f"Attached anew, the hooks have {counts[0]} handles, and {counts[1]} with another net; expected "
             f"{handles}, as the first time.")
    if len(fresh) < len(before):
        fail(f"Attached to another net, the hooks record {len(fresh)} gradients; expected {len(before)}, as "
             "the first time.")
    if differing(fresh, anew, RTOL):
        fail(f"Attached anew to the same net, the hooks record {described(anew)}; expected "
             f"{described(fresh)}, as with a net of its own.")


@check(looks_at=lasting, points=1, visible=False, read="torch.Tensor.detach", errors=ERRORS,
       hint="Whatever holds a loss or an output holds the whole graph behind it.")
def no_leak(seen: Seen) -> None:
    """Entries are floats or detached tensors, and no step's graph outlives the step."""
    attached, alive = seen.mapping().texts("attached"), seen.mapping().whole("alive")
    seen.measure(f"graphs alive after {STEPS} steps", str(alive), "0")
    if seen.mapping().whole("recorded") < 1:
        fail(f"Nothing was recorded in {STEPS} steps.", NOTHING)
    if attached:
        fail(f"The entries for {listed(attached)} are tensors that require a gradient.", ENTRY_NEEDS_GRAPH)
    if alive != 0:
        fail(f"Graphs still in memory after {STEPS} steps: {alive}; expected 0.",
             KEPT_GRAPHS if alive == STEPS else None)


@check(looks_at=(known_total, drawn_total, infinite_total), points=2, read="torch.nn.utils.clip_grad_norm_",
       hint="All gradients in one long vector: what is its length, if the lengths of the pieces are known?")
def global_norm(*asked: Seen) -> None:
    """The total is the norm of all gradients taken as one vector, as `clip_grad_norm_` computes it."""
    pieces = [seen.given["values"].abs() for seen in asked]
    *got, odd = (number(seen.mapping()["total"], "The total") for seen in asked)
    want = [total(piece) for piece in pieces[:2]]
    for seen, piece, value, right in zip(asked[:2], pieces[:2], got, want, strict=True):
        seen.measure(f"total of {len(piece)} norms", f"{value:.6g}", f"{right:.6g}")
    if not alike(got, want, RTOL):
        worst = 0 if not close(got[0], want[0], RTOL) else 1
        of = ("the norms 3, 4, 12 and 84", "nine norms")[worst]
        fail(f"The total of {of} is {got[worst]:.6g}; expected {want[worst]:.6g}, as `clip_grad_norm_` says.",
             the_one((mistake, alike(got, [float(formula(piece)) for piece in pieces[:2]], RTOL))
                     for mistake, formula in TOTALS.items()))
    if math.isfinite(odd):
        fail(f"The total of the norms 3 and infinity is {odd:.6g}; expected infinity.")
    for seen, piece in zip(asked, pieces, strict=True):
        if len(seen.mapping().texts("left")) != len(piece):
            fail("After the call the dict that was passed in does not hold what it held.", DICT_CHANGED)


@check(looks_at=tuple(PROFILES), points=3,
       hint="Go through the notebook's rule in its order: what is not finite, then the first weight against "
       "the last.", errors={"division by zero": DIVIDED}, read="Pascanu, Mikolov and Bengio 2013, section 2")
def diagnose(*asked: Seen) -> None:
    """`diagnose` answers "vanishing", "exploding" or "stable" by the notebook's rule."""
    profiles = [seen.given["0"] for seen in asked]
    wants = [PROFILES[seen.step] for seen in asked]
    answers = [seen.value for seen in asked]
    said = [answer if isinstance(answer, str) else None for answer in answers]
    wrong = [i for i, want in enumerate(wants) if said[i] != want]
    if wrong:
        show([asked[i] for i in wrong])
        i = wrong[0]
        told = ", ".join(f"{name}: {norm:g}" for name, norm in profiles[i].items())
        fail(f"`diagnose` answered {described(answers[i])}; expected {wants[i]!r} for the norms {{{told}}}. "
             f"{len(wrong)} of {len(asked)} answers are wrong.",
             the_one([*((mistake, said == [misread(profile) for profile in profiles])
                        for mistake, misread in MISREADINGS.items()),
                      (SPELLED, [answer and answer.strip().lower() for answer in said] == wants)]))
    if any(not isinstance(seen.argument(0), dict)
           or described(list(seen.argument(0))) != described(list(seen.given["0"])) for seen in asked):
        fail("After the call the dict that was passed in does not hold what it held.", DICT_CHANGED)
