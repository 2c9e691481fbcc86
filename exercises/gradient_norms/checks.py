"""What hooks that record gradient norms, their total and a diagnosis must do.

Every promise has a net of its own, in float64. Tied and frozen parameters appear only in their own, and a
formula that is not the L2 norm costs `norms` only: the other checks ask which gradient was recorded, by
whatever formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch

from grader.spec import (
    Call,
    Diagnosis,
    Probe,
    Seen,
    Step,
    alike,
    check,
    close,
    curves,
    described,
    fail,
    normal,
    number,
)

HOOKS = ("attach_gradient_norm_hooks",)
# above 1: with a single example every weight's gradient has rank 1, and the spectral norm is the L2 norm
BATCH = 32
STEPS = 50

# Right formulas agree to 1e-15 in float64, and to 1e-7 where the norm itself is taken in float32.
RTOL = 1e-6

Norms = Mapping[str, float]
Tensors = Mapping[str, torch.Tensor]


def parameters(*sizes: int) -> dict[str, Any]:
    """The parameters of Scaled(*sizes), to be drawn."""
    drawn: dict[str, Any] = {}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        drawn |= linear(f"layers.{i}", n_in, n_out)
    return {"gain": normal(dtype="float64"), **drawn}


def linear(name: str, n_in: int, n_out: int) -> dict[str, Any]:
    return {f"{name}.weight": normal(n_out, n_in, std=n_in**-0.5, dtype="float64"),
            f"{name}.bias": normal(n_out, std=0.1, dtype="float64")}


def data(n_in: int, n_out: int, *batches: int) -> dict[str, Any]:
    return {"x": normal(*batches, BATCH, n_in, dtype="float64"),
            "y": normal(*batches, BATCH, n_out, dtype="float64")}


# --- what to observe ---------------------------------------------------------------------------------

named = Probe("one_backward", uses=HOOKS, parameters=parameters(6, 9, 4), **data(6, 4))
measured = Probe("one_backward", uses=HOOKS, parameters=parameters(12, 16, 8, 3), **data(12, 3))
repeated = Probe("two_backwards", uses=HOOKS, parameters=parameters(7, 10, 5), **data(7, 5, 2))
guarded = Probe("partly_frozen", uses=HOOKS, **data(8, 8),
                parameters={k: v for n in ("first", "frozen", "last", "unused") for k,
                            v in linear(n, 8, 8).items()})
shared = Probe("tied_weight", uses=HOOKS, **data(8, 8),
               parameters={**linear("first", 8, 8), "second.bias": normal(8, std=0.1, dtype="float64")})
trained = Probe("training_twice", uses=HOOKS, parameters=parameters(6, 8, 4), **data(6, 4, 4))
removed = Probe("removed", uses=HOOKS, parameters=parameters(5, 8, 3), **data(5, 3, 2))
lasting = Probe("fifty_steps", uses=HOOKS, parameters=parameters(5, 8, 3), steps=STEPS, **data(5, 3))

known_total = Call("global_norm", {"0.weight": 3.0, "0.bias": 4.0, "1.weight": 12.0, "1.bias": 84.0})  # 85
drawn_total = Probe("total", uses=("global_norm",), values=normal(9, dtype="float64"))


def layers(*weights: float, bias: float = 1.0) -> Step:
    """`diagnose` on the norms of a net's weights, first layer to last, each followed by its bias's."""
    return Call("diagnose", {k: v for i, w in enumerate(weights) for k,
                             v in ((f"{i}.weight", w), (f"{i}.bias", bias))})


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


# --- what people get wrong -----------------------------------------------------------------------------

READ_HOOKS = "The PyTorch documentation of torch.Tensor.register_hook"

PARAMETER = Diagnosis("parameter-norm", "This is the norm of the parameter itself, not of its gradient.",
                      "A post-accumulate hook is handed the parameter; a tensor hook is handed the gradient.",
                      "torch.Tensor.register_post_accumulate_grad_hook")
SQUARED = Diagnosis("squared-norm", "This is the sum of the squares: the square root is missing.")
L1 = Diagnosis("l1-norm", "This is the sum of the absolute values, the L1 norm.")
LARGEST = Diagnosis("largest-entry", "This is the largest absolute value, the maximum norm.")
MEAN_ABSOLUTE = Diagnosis("mean-absolute", "This is the mean of the absolute values; a norm is not an "
                          "average.", "The L2 norm grows with the number of entries: do not divide by it.")
ROOT_MEAN_SQUARE = Diagnosis("root-mean-square",
                             "This is the root of the *mean* square; the L2 norm takes the sum.")
SPECTRAL = Diagnosis("spectral-norm", "This is the largest singular value of each matrix.",
                     "torch.linalg.norm(g, 2) is a matrix's spectral norm; g.norm() is the L2 norm of its "
                     "entries.")
SUM = Diagnosis("sum-of-entries", "This is the plain sum of the entries, in which signs cancel.")
ROOT_TWICE = Diagnosis("root-twice", "This is the square root of the norm: the root was taken twice.")
ONE_BUFFER = Diagnosis("one-buffer", "All entries hold the same number, the norm of just one parameter's "
                       "gradient.",
                       "If the entries are tensors, give each one memory of its own, or store floats.")

ONE_KEY = Diagnosis("one-key", "Every hook writes under the same name.",
                    "A function defined in a loop looks the loop's variable up when it *runs*. Bind it: "
                    "`def hook(g, name=name)`, or make the hook in a function that takes the name.",
                    pattern=r"""\[["\']|\.append""")
WEIGHTS_ONLY = Diagnosis("weights-only",
                         "Only weights have an entry; other parameters receive gradients too.")
SCALAR_SKIPPED = Diagnosis("scalar-skipped", "Only the parameter without dimensions has no entry.",
                           "A tensor of shape () is a parameter like the others.")
MODULE_NAMES = Diagnosis("module-names", "The entries carry the modules' names, not the parameters'.",
                         "`model.named_parameters()` gives the full names.",
                         "torch.nn.Module.named_parameters")
SHORT_NAMES = Diagnosis("short-names",
                        "The entries carry only the last part of the names, so layers overwrite each other.",
                        "`model.named_parameters()` gives the full names.",
                        "torch.nn.Module.named_parameters")
NOTHING = Diagnosis("nothing-recorded", "The dict is empty after a backward.",
                    "The hooks must change the very dict that the function has already returned.", READ_HOOKS)

ACCUMULATED = Diagnosis("accumulated-gradient",
                        "This is the norm of `.grad`, where the gradients of both backwards are added up.",
                        "A tensor hook is handed the gradient of this backward alone.", READ_HOOKS,
                        pattern=r"\.grad\b")
STALE = Diagnosis("stale-gradient", "These are still the norms of the first backward's gradients.",
                  "Write the entry anew in each backward. Inside a tensor hook `.grad` has not been updated "
                  "yet.")
ADDED_UP = Diagnosis("added-up", "These are the sums of both backwards' norms.",
                     "Overwrite the entry, do not add to it.")

UNFROZEN = Diagnosis("unfrozen", "Parameters that were frozen are trainable now.",
                     "Leave them frozen, and hook only parameters with `requires_grad`.",
                     pattern="requires_grad")
PREFILLED = Diagnosis("prefilled", "Parameters that received no gradient have an entry.",
                      "No gradient and a gradient of zero are not the same: write entries from the hooks "
                      "only.")

TIED_TWICE = Diagnosis("tied-twice", "One parameter has two entries, so the total counts it twice.",
                       "`model.named_parameters()` names a shared parameter once.")

REPLACED = Diagnosis("gradient-replaced",
                     "The gradient was replaced by its norm: what a tensor hook returns becomes the gradient.",
                     "Return nothing from the hook.", READ_HOOKS)
SCALED = Diagnosis("gradient-scaled", "The gradients are a constant times what they should be.",
                   "What a tensor hook returns becomes the gradient; so does what it changes in place.",
                   READ_HOOKS)
NORMALISED = Diagnosis("gradient-normalised", "The gradients were divided by their norms.",
                       "Record the norm, and leave the gradient alone.", READ_HOOKS)
SQUARED_IN_PLACE = Diagnosis("gradient-squared", "The gradients were squared.",
                             "Methods that end in an underscore, such as `pow_`, change the gradient itself.")
ERASED = Diagnosis("gradient-erased", "The gradients are gone after the backward.",
                   "The optimizer still needs `.grad`: read it, and leave it there.",
                   pattern=r"zero_grad|grad\s*=\s*None")

NO_HANDLES = Diagnosis("no-handles", "No handle came back.", "Collect what `register_hook` returns.")
SOME_HANDLES = Diagnosis("some-handles",
                         "Some of the hooks go on recording: their handles did not come back.",
                         "Append every hook's handle to the list.")
KEPT_GRAPHS = Diagnosis("graphs-kept-alive", "Something keeps every step's graph, and with it all "
                        "activations.",
                        "Store floats, or tensors after `.detach()`; outputs and losses hold their graph.")

SUM_OF_NORMS = Diagnosis("sum-of-norms", "This is the sum of the norms.",
                         "Norms add up as squares do: Pythagoras.")
LARGEST_NORM = Diagnosis("largest-norm", "This is the largest of the norms.")
MEAN_NORM = Diagnosis("mean-norm", "This is the mean of the norms.")
SQUARED_TOTAL = Diagnosis("squared-total", "This is the sum of the squares: the square root is missing.")
MEAN_SQUARE_TOTAL = Diagnosis("mean-square-total",
                              "This is the root of the *mean* square; the total takes the sum.")
TOTAL_ROOT_TWICE = Diagnosis("total-root-twice", "The square root was taken twice.")

REVERSED = Diagnosis("reversed", "Vanishing and exploding are swapped.",
                     "A gradient vanishes on its way back, from the last layer to the first: compare first / "
                     "last.")
BIASES_COUNTED = Diagnosis("biases-counted", "The biases were compared too.",
                           "Take the entries that end in `weight`.")
EXTREMES = Diagnosis("extremes-compared", "The smallest and the largest norm were compared.",
                     "The rule compares the first weight's with the last weight's.")
NAN_PASSED = Diagnosis("nan-passed", "NaN and infinite norms went unnoticed.",
                       "Every comparison with NaN is False. Ask `math.isfinite` of every entry first.")
ZERO_PASSED = Diagnosis("zero-passed", "Norms of exactly zero went unnoticed.",
                        "Compare `first <= 1e-3 * last`: there is nothing to divide by, and 0 <= 0 holds.")
ABSOLUTE = Diagnosis("absolute-size", "Norms were compared with fixed numbers.",
                     "Gradients that are small in all layers alike have not vanished on their way: compare "
                     "layers.")

L2: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.norm
FORMULAS: dict[Diagnosis, Callable[[torch.Tensor], torch.Tensor]] = {
    SQUARED: lambda g: g.square().sum(),
    L1: lambda g: g.abs().sum(),
    LARGEST: lambda g: g.abs().max(),
    MEAN_ABSOLUTE: lambda g: g.abs().mean(),
    ROOT_MEAN_SQUARE: lambda g: g.square().mean().sqrt(),
    SPECTRAL: lambda g: torch.linalg.matrix_norm(g, 2) if g.dim() == 2 else g.norm(),
    SUM: lambda g: g.sum(),
    ROOT_TWICE: lambda g: g.norm().sqrt(),
}


# --- the reference -----------------------------------------------------------------------------------


def scaled_net(p: Tensors, x: torch.Tensor) -> torch.Tensor:
    """The forward pass of the net `Scaled`."""
    for i in range(sum(name.endswith("weight") for name in p)):
        x = torch.tanh(x @ p[f"layers.{i}.weight"].mT + p[f"layers.{i}.bias"])
    return p["gain"] * x


def tied_net(p: Tensors, x: torch.Tensor) -> torch.Tensor:
    """The forward pass of the net `Tied`."""
    hidden = torch.tanh(x @ p["first.weight"].mT + p["first.bias"])
    return hidden @ p["first.weight"].mT + p["second.bias"]


def gradients(forward: Callable[[Tensors, torch.Tensor], torch.Tensor], p: Tensors, x: torch.Tensor,
              y: torch.Tensor) -> dict[str, torch.Tensor]:
    """PyTorch's own gradient of the mean squared error, for each parameter."""
    leaves = {name: value.clone().requires_grad_() for name, value in p.items()}
    with torch.enable_grad():
        loss = torch.nn.functional.mse_loss(forward(leaves, x), y)
        found = torch.autograd.grad(loss, list(leaves.values()))
    return dict(zip(leaves, found, strict=True))


def trained_parameters(p: Tensors, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    """The parameters after two steps of SGD with momentum, two batches accumulated before each."""
    leaves = {name: value.clone().requires_grad_() for name, value in p.items()}
    optimizer = torch.optim.SGD(leaves.values(), lr=0.1, momentum=0.9)
    for step in (0, 2):
        optimizer.zero_grad()
        for batch in (step, step + 1):
            now = {name: leaf.detach() for name, leaf in leaves.items()}
            for name, g in gradients(scaled_net, now, x[batch], y[batch]).items():
                leaf = leaves[name]
                leaf.grad = g if leaf.grad is None else leaf.grad + g
        optimizer.step()
    return {name: leaf.detach() for name, leaf in leaves.items()}


# --- reading what was observed -------------------------------------------------------------------------


def part(seen: Seen, key: str) -> Any:
    """One part of what a probe brought."""
    value = seen.value
    if not isinstance(value, dict) or key not in value:
        fail("What came back from the experiment cannot be read.")
    return value[key]


def words(value: Any) -> list[str]:
    """A list of names."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        fail("What came back from the experiment cannot be read.")
    return value


def recorded(seen: Seen, key: str = "norms") -> dict[str, Any]:
    """The dict of norms, as it was copied."""
    found = part(seen, key)
    if isinstance(found, str):
        fail(f"The first thing that `attach_gradient_norm_hooks` returns is of type {found}, not a dict of "
             "norms.")
    if not isinstance(found, dict):
        fail("What `attach_gradient_norm_hooks` returns is not a dict of norms and a list of handles.")
    return found


def entries(found: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, float]:
    """The entries under parameters' names, as floats. Which names are there is for `names` to say; a third
    must be."""
    known = {name: number(found[name], f"The entry for `{name}`") for name in names if name in found}
    if 3 * len(known) < len(names):
        fail(f"Only {len(known)} of {len(names)} parameters have an entry under their name after the "
             "backward." if known else "No parameter has an entry under its name after the backward.")
    return known


def fits(got: Norms, gs: Tensors, formula: Callable[[torch.Tensor], torch.Tensor]) -> bool:
    """Every entry is the formula of its gradient."""
    return all(close(value, float(formula(gs[name])), RTOL) for name, value in got.items())


def of_gradient(got: Norms, gs: Tensors) -> bool:
    """Every entry is the L2 norm of its gradient, or one and the same of the other formulas."""
    return any(fits(got, gs, formula) for formula in (L2, *FORMULAS.values()))


def only(fitting: list[Diagnosis]) -> Diagnosis | None:
    """The one that fits; None where none or several do."""
    return fitting[0] if len(fitting) == 1 else None


def listed(names: Any) -> str:
    found = sorted(map(str, names))
    return ", ".join(f"`{name}`" for name in found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4
                                                           else "")


def tabulated(seen: Seen, got: Norms, want: Norms, what: str) -> None:
    """A row for each entry."""
    for name, value in got.items():
        seen.measure(f"{what} for `{name}`", f"{value:.6g}", f"{want[name]:.6g}")


def pictured(seen: Seen, got: Norms, want: Norms) -> None:
    """The measured norms beside the expected ones."""
    seen.draw(curves("Gradient norm of each parameter",
                     "; ".join(f"{n}: measured {got.get(n, math.nan):.4g}, expected {v:.4g}" for n,
                               v in want.items()),
                     x_label="parameter: " + ", ".join(want), y_label="L2 norm of the gradient", log_y=True,
                     yours=[got.get(n, math.nan) for n in want], expected=list(want.values())))


# --- the promises --------------------------------------------------------------------------------------


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
    weights = {n for n in want if n.endswith("weight")}
    known = {
        SCALAR_SKIPPED: got == want - {"gain"},
        WEIGHTS_ONLY: got == weights,
        ONE_KEY: len(got) == 1 and got <= want,
        MODULE_NAMES: len(got) > 1 and not got & want
        and got <= {n.rpartition(".")[0] for n in want} | {"gain"},
        SHORT_NAMES: not got & weights and got <= {n.rpartition(".")[2] for n in want},
    }
    missing, extra = want - got, got - want
    fail(". ".join(filter(None, [f"No entry for {listed(missing)}" if missing else "",
                                 f"Not a parameter's name: {listed(extra)}" if extra else ""])) + ".",
         only([d for d, holds in known.items() if holds]))


@check(looks_at=measured, points=5, hint="The L2 norm is the root of the sum of the squared entries.",
       read=READ_HOOKS)
def norms(seen: Seen) -> None:
    """Each entry is the L2 norm of that parameter's gradient."""
    gs = gradients(scaled_net, seen.given["parameters"], seen.given["x"], seen.given["y"])
    got, want = entries(recorded(seen), gs), {name: float(g.norm()) for name, g in gs.items()}
    tabulated(seen, got, want, "norm")
    pictured(seen, got, want)
    if fits(got, gs, L2):
        return
    fitting = [d for d, formula in FORMULAS.items() if fits(got, gs, formula)]
    fitting += [PARAMETER] if fits(got, seen.given["parameters"], L2) else []
    equal = len(got) > 1 and len(set(got.values())) == 1
    fitting += [ONE_BUFFER] if equal and any(close(next(iter(got.values())), w, RTOL)
                                             for w in want.values()) else []
    worst = next(n for n, value in got.items() if not close(value, want[n], RTOL))
    right = sum(close(value, want[n], RTOL) for n, value in got.items())
    fail(f"The entry for `{worst}` is {got[worst]:.6g}; the L2 norm of its gradient is {want[worst]:.6g}. "
         f"{right} of {len(got)} entries are right.", only(fitting))


@check(looks_at=repeated, points=2, read=READ_HOOKS,
       hint="Two backwards in a row, without zero_grad: the second one's own gradient counts, not `.grad`.")
def each_backward(seen: Seen) -> None:
    """Each backward overwrites the entries with the norms of its own gradients."""
    p, x, y = (seen.given[k] for k in ("parameters", "x", "y"))
    first, second = (gradients(scaled_net, p, x[i], y[i]) for i in (0, 1))
    got = entries(recorded(seen, "second"), p)
    if of_gradient(got, second):
        return
    both = {name: first[name] + second[name] for name in first}
    formulas = (L2, *FORMULAS.values())
    known = {
        ACCUMULATED: of_gradient(got, both),
        STALE: of_gradient(got, first),
        ADDED_UP: any(all(close(v, float(f(first[n]) + f(second[n])), RTOL) for n, v in got.items())
                      for f in formulas),
        PARAMETER: fits(got, p, L2),
    }
    want = {name: float(g.norm()) for name, g in second.items()}
    tabulated(seen, got, want, "norm after the second backward")
    worst = next((n for n, value in got.items() if not close(value, want[n], RTOL)), next(iter(got)))
    fail(f"After the second backward the entry for `{worst}` is {got[worst]:.6g}; the norm of that "
         "backward's own "
         f"gradient is {want[worst]:.6g}.", only([d for d, holds in known.items() if holds]))


@check(looks_at=guarded, points=1, after=names, read="torch.Tensor.requires_grad",
       hint="A hook can only be registered on a tensor that requires a gradient.")
def frozen(seen: Seen) -> None:
    """Frozen and unused parameters cause no error, get no entry, and stay as they were."""
    got = recorded(seen)
    if words(part(seen, "trainable_before")) != words(part(seen, "trainable_after")):
        fail("`requires_grad` of some parameters is not what it was before the hooks were attached.",
             UNFROZEN)
    want = {f"{layer}.{kind}" for layer in ("first", "last") for kind in ("weight", "bias")}
    missing, extra = want - set(got), set(got) - want
    if missing:
        fail(f"In a net with a frozen and an unused layer there is no entry for {listed(missing)}.")
    if extra:
        fail(f"{listed(extra)} received no gradient, and yet there is an entry.",
             PREFILLED if extra <= set(seen.given["parameters"]) else None)


@check(looks_at=shared, points=1, visible=False, read="torch.nn.Module.named_parameters",
       hint="`model.named_parameters()` names a shared parameter once; its gradient is the sum over all its "
       "uses.")
def tied(seen: Seen) -> None:
    """A weight that two layers share counts once, with its whole gradient."""
    gs = gradients(tied_net, seen.given["parameters"], seen.given["x"], seen.given["y"])
    found = recorded(seen)
    uses = [name for name in ("first.weight", "second.weight") if name in found]
    if not uses:
        fail("The weight that two layers share has no entry.")
    if len(uses) > 1:
        fail("The weight that two layers share has two entries.", TIED_TWICE)
    g = gs["first.weight"]
    got = number(found[uses[0]], f"The entry for `{uses[0]}`")
    if not of_gradient({"w": got}, {"w": g}):
        fail(f"The entry for the weight that two layers share is {got:.6g}; the norm of its gradient, summed "
             "over " f"both uses, is {float(g.norm()):.6g}.",
             PARAMETER if close(got, float(seen.given["parameters"]["first.weight"].norm()), RTOL) else None)


@check(looks_at=trained, points=2, after=names, visible=False, read=READ_HOOKS,
       hint="Train the same net with and without your hooks. What does a tensor hook's return value do?")
def gradients_untouched(seen: Seen) -> None:
    """With hooks, training takes exactly the same steps as without: bit for bit."""
    p, x, y = (seen.given[k] for k in ("parameters", "x", "y"))
    p = {**p, "gain": -2.0 - p["gain"].abs()}
    want = trained_parameters(p, x, y)
    hooked, plain = (tensors(part(seen, f"parameters_{k}")) for k in ("with", "without"))
    # Twice the same arithmetic on one machine is bitwise equal; on two machines sums may differ by rounding.
    bitwise = all(n in hooked and n in plain and identical(hooked[n], plain[n]) for n in want)
    true = all(n in hooked and near(hooked[n], w, 1e-9) for n, w in want.items())
    if bitwise and true:
        return
    g = gradients(scaled_net, p, x[0], y[0])
    found = part(seen, "gradients_with")
    if not isinstance(found, dict):
        fail("The parameters after two training steps are not the same with hooks and without.")
    first = tensors(found)
    if set(first) >= set(g) and all(near(first[n], v, 1e-9) for n, v in g.items()):
        fail("The first gradients are right, but after two training steps the parameters are not the same "
             "with hooks and without.")
    spoiled = sorted(n for n, v in g.items() if n not in first or not near(first[n], v, 1e-9))
    fail(f"With hooks, the gradient of {listed(spoiled)} is not what it is without.",
         spoiling(first, g, nothing=set(found) >= set(g) and all(found[n] is None for n in g)))


def tensors(found: Any) -> dict[str, torch.Tensor]:
    """The tensors of floats in a dict."""
    return {n: v for n, v in found.items() if isinstance(v, torch.Tensor) and v.is_floating_point()} \
        if isinstance(found, dict) else {}


def identical(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def near(got: torch.Tensor, want: torch.Tensor, rtol: float) -> bool:
    """Same shape, and |got - want| <= rtol * |want| as vectors; False for NaN."""
    return got.shape == want.shape and bool((got.double() - want).norm() <= rtol * want.norm())


def spoiling(first: Tensors, g: Tensors, *, nothing: bool) -> Diagnosis | None:
    """What happened to the gradients, where it is one thing."""
    def everywhere(formula: Callable[[torch.Tensor], torch.Tensor]) -> bool:
        return set(first) >= set(g) and all(near(first[n], formula(v), RTOL) for n, v in g.items())
    factor = float(first["gain"].double()
                   / g["gain"]) if "gain" in first and first["gain"].dim() == 0 else math.nan
    changed = {n for n, v in g.items() if n not in first or not near(first[n], v, RTOL)}
    known = {
        ERASED: nothing or everywhere(torch.zeros_like),
        NORMALISED: everywhere(lambda v: v / v.norm()),
        SQUARED_IN_PLACE: everywhere(torch.square),
        REPLACED: everywhere(lambda v: v.norm().expand_as(v))
        or (changed == {"gain"} and "gain" in first and near(first["gain"], g["gain"].norm(), RTOL)),
        SCALED: factor not in (0.0, 1.0) and math.isfinite(factor) and everywhere(lambda v: v * factor),
    }
    return only([d for d, holds in known.items() if holds])


@check(looks_at=removed, points=2, after=names, read="torch.utils.hooks.RemovableHandle",
       hint="`register_hook` returns a handle; collect them all.")
def removable(seen: Seen) -> None:
    """Once every handle that was returned is removed, nothing is recorded any more."""
    handles, gone = part(seen, "handles"), part(seen, "removed")
    if not isinstance(handles, int) or not isinstance(gone, int) or handles < 1:
        fail("No list of handles came back beside the dict.", NO_HANDLES)
    if gone != handles:
        fail(f"Of the {handles} handles that came back, {handles - gone} cannot be removed: no `remove()`.")
    before, after = recorded(seen, "before"), recorded(seen, "after")
    changed = [n for n, v in after.items() if n not in before or not unchanged(before[n], v)]
    changed += [n for n in before if n not in after]
    if changed:
        fail(f"With every handle removed (number of handles: {handles}), a backward still changes "
             f"{listed(changed)}.", SOME_HANDLES if len(changed) < len(after) else None)


def unchanged(before: Any, after: Any) -> bool:
    """One and the same number."""
    old, new = number(before, "An entry"), number(after, "An entry")
    return old == new or (math.isnan(old) and math.isnan(new))


@check(looks_at=lasting, points=1, after=names, visible=False, read="torch.Tensor.detach",
       hint="Whatever holds a loss or an output holds the whole graph behind it.")
def no_leak(seen: Seen) -> None:
    """Entries are floats or detached tensors, and no step's graph outlives the step."""
    attached, alive = words(part(seen, "attached")), part(seen, "alive")
    if not isinstance(alive, int) or isinstance(alive, bool):
        fail("What came back from the experiment cannot be read.")
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
    want = [total(p) for p in pieces]
    for seen, piece, value, right in zip((known, drawn), pieces, got, want, strict=True):
        seen.measure(f"total of {len(piece)} norms", f"{value:.6g}", f"{right:.6g}")
    if alike(got, want, RTOL):
        return
    wrong: dict[Diagnosis, Callable[[torch.Tensor], torch.Tensor]] = {
        SUM_OF_NORMS: torch.sum, LARGEST_NORM: torch.max, MEAN_NORM: torch.mean,
        SQUARED_TOTAL: lambda v: v.square().sum(), MEAN_SQUARE_TOTAL: lambda v: v.square().mean().sqrt(),
        TOTAL_ROOT_TWICE: lambda v: v.norm().sqrt(),
    }
    fitting = [d for d, f in wrong.items() if alike(got, [float(f(piece)) for piece in pieces], RTOL)]
    off = 0 if not close(got[0], want[0], RTOL) else 1
    asked = ("the norms 3, 4, 12 and 84", "nine norms")[off]
    fail(f"The total of {asked} is {got[off]:.6g}; `clip_grad_norm_` says {want[off]:.6g}.", only(fitting))


def total(pieces: torch.Tensor) -> float:
    """What clip_grad_norm_ finds where the gradients have these norms."""
    held = [torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in pieces]
    for tensor, piece in zip(held, pieces, strict=True):
        tensor.grad = piece.clone()
    return float(torch.nn.utils.clip_grad_norm_(held, math.inf))


def rule(profile: Norms, *, pick: Callable[[Norms], list[float]], finite: bool = True,
         zero: bool = True) -> str:
    """The notebook's rule, or one that leaves a part of it out."""
    if finite and not all(map(math.isfinite, profile.values())):
        return "exploding"
    first, *_, last = pick(profile)
    if first <= 1e-3 * last and (zero or first > 0):
        return "vanishing"
    return "exploding" if first >= 1e3 * last and (zero or last > 0) else "stable"


def weights_of(profile: Norms) -> list[float]:
    return [value for name, value in profile.items() if name.endswith("weight")]


def fixed_numbers(profile: Norms) -> str:
    """Smallest below 1e-6, or largest above 1e3."""
    if not all(map(math.isfinite, profile.values())) or max(weights_of(profile)) > 1e3:
        return "exploding"
    return "vanishing" if min(weights_of(profile)) < 1e-6 else "stable"


MISREADINGS: dict[Diagnosis, Callable[[Norms], str]] = {
    REVERSED: lambda p: rule(p, pick=lambda q: weights_of(q)[::-1]),
    BIASES_COUNTED: lambda p: rule(p, pick=lambda q: list(q.values())),
    EXTREMES: lambda p: rule(p, pick=lambda q: [min(weights_of(q)), max(weights_of(q))]),
    NAN_PASSED: lambda p: rule(p, pick=weights_of, finite=False),
    ZERO_PASSED: lambda p: rule(p, pick=weights_of, zero=False),
    ABSOLUTE: fixed_numbers,
}


@check(looks_at=tuple(PROFILES), points=3,
       hint="Go through the notebook's rule in its order: what is not finite, then the first weight against "
       "the last.", read="Pascanu, Mikolov and Bengio 2013, section 2")
def diagnose(*asked: Seen) -> None:
    """`diagnose` answers "vanishing", "exploding" or "stable" by the notebook's rule."""
    profiles = [seen.given["0"] for seen in asked]
    answers = [seen.value for seen in asked]
    wants = [PROFILES[seen.step] for seen in asked]
    for seen, answer, want in zip(asked, answers, wants, strict=True):
        weights = ", ".join(f"{w:g}" for w in weights_of(seen.given["0"]))
        seen.measure(f"weights' norms {weights}", described(answer), repr(want))
    wrong = [i for i, answer in enumerate(answers) if not isinstance(answer, str) or answer != wants[i]]
    if not wrong:
        return
    fitting = [d for d, misread in MISREADINGS.items()
               if all(isinstance(a, str) and a == misread(p) for a, p in zip(answers, profiles, strict=True))]
    i = wrong[0]
    told = ", ".join(f"{name}: {value:g}" for name, value in profiles[i].items())
    fail(f"{len(wrong)} of {len(asked)} answers are wrong. For the norms {{{told}}} the rule says "
         f"{wants[i]!r}; `diagnose` answered {described(answers[i])}.", only(fitting))
