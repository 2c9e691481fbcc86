"""How fast each layer of a net learns, measured as update over weight, and by which factor from layer to
layer.

Every step of training here has a forward pass, a backward and an update with momentum, and gradients that any
usual clipping would change. Which names a dictionary has is for `layers` to say: the other checks find their
layers under "name.weight", or by their place, too.
"""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import Any

import torch
from torch import Tensor

from grader.spec import (
    Probe,
    Seen,
    alike,
    check,
    close,
    derived,
    described,
    fail,
    normal,
    number,
    numbers,
    same,
    the_one,
    uniform,
)

from .misconceptions import (
    CHANGED,
    GRADIENTS,
    KEPT,
    LEFT_OUT,
    NO_BIAS,
    NO_COPY,
    NO_DETACH,
    NO_GRAD_AROUND,
    NO_GRAD_MISSING,
    NO_GRADIENT,
    NO_STEP,
    ONE_DICTIONARY,
    OTHER_ORDER,
    OTHERS_TOO,
    PARAMETER_NAMES,
    POSITIONS,
    RATIOS,
    SORTED,
    STEP_ARGUMENTS,
    TOP_LEVEL,
    TWO_STEPS,
    UNDONE,
    UNDONE_BY,
    UNFROZEN,
    gradient_ratio,
    mistaken_factors,
    update_ratio,
)
from .reference import Layer, history, layers_between

CS231N = "Stanford CS231n, Neural networks part 3, https://cs231n.github.io/neural-networks-3/#ratio"
# float64: a weight and its update differ by a factor of 10 to 100, hence errors of 1e-14, and of 1e-6 where
# the copy is in float32; what misconceptions give lies further away
RTOL = 1e-5
NESTED_NAMES = ["first", "block.0", "block.2", "head"]      # of the linear layers, in the probe `nested`
OTHER_NAMES = {"", "words", "norm", "block", "block.1", "pairs"}     # of its other modules
MOST_STEPS = 12         # that are followed: a step for each layer, in two calls
ERRORS = {r"does not require grad|does not have a grad_fn|[Ii]nference": NO_GRAD_AROUND,
          r"step\(\) (takes|got an)": STEP_ARGUMENTS,
          "leaf Variable": NO_GRAD_MISSING, r"Can't call numpy\(\)": NO_DETACH}

# --- what is observed ------------------------------------------------------------------------------------


def net(*widths: int) -> dict[str, Any]:
    """A chain of layers of these widths, the gradients that an earlier step left, and two batches of data."""
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(widths)]
    return {"weights": [normal(*shape, std=0.5, dtype="float64") for shape in shapes],
            "biases": [normal(n_out, std=0.7, dtype="float64") for n_out, _ in shapes],
            "before": {"weights": [normal(*shape, std=80.0, dtype="float64") for shape in shapes],
                       "biases": [normal(n_out, std=80.0, dtype="float64") for n_out, _ in shapes]},
            "x": normal(2, 8, widths[0], dtype="float64"), "y": normal(2, 8, widths[-1], dtype="float64"),
            "lr": 3e-4, "scale": 500.0}


in_a_chain = Probe("flat", uses=("update_ratios",), **net(9, 12, 7, 10, 4))
twice = Probe("flat", uses=("update_ratios",), **net(6, 9, 5, 4), calls=2)
in_blocks = Probe("nested", uses=("update_ratios",), **net(5, 8, 6, 8, 3))
with_frozen = Probe("flat", uses=("update_ratios",), **net(6, 8, 5, 3), frozen=[1])

# The first is not the smallest, the last not the largest; sorted, the names stand in another order, be it as
# text or by their numbers.
SEVEN = ["stem", "block.2", "block.10", "block.11", "neck.0", "neck.1", "head"]
FOUR = ["9", "10", "1.0", "1.1"]
seven_layers = Probe("factor", uses=("factor_per_layer",), names=SEVEN,
                     noise=uniform(7, bound=0.2, dtype="float64"),
                     about=torch.tensor([-7.1, -7.9, -5.2, -3.8, -4.4, -1.6, -2.3], dtype=torch.float64))
four_layers = Probe("factor", uses=("factor_per_layer",), names=FOUR,
                    noise=uniform(4, bound=0.2, dtype="float64"),
                    about=torch.tensor([-3.0, -6.1, -2.2, -4.5], dtype=torch.float64))

# --- what is promised ------------------------------------------------------------------------------------


def ratios_of(value: Any, names: list[str]) -> list[float]:
    """The numbers that came back for the layers with these names, in this order."""
    if isinstance(value, dict):
        keys = next((keys for keys in (names, [f"{name}.weight" for name in names])
                     if all(key in value for key in keys)), list(value))
        entries = [value[key] for key in keys]
    else:
        entries = numbers(value, "What `update_ratios` gives")
    if len(entries) != len(names):
        fail(f"`update_ratios` gives {described(value)}: {len(entries)} entries; expected {len(names)}.")
    return [number(entry, f"The ratio of the layer named {name!r}")
            for name, entry in zip(names, entries, strict=True)]


def one_of(seen: Seen, at: int = 0) -> Any:
    """What one call of update_ratios returned."""
    found = seen.mapping().items("ratios")
    return found[at] if at < len(found) else None


@check(looks_at=in_blocks, points=2, errors={**ERRORS, "NoneType|KeyError.*bias": NO_BIAS},
       hint="What does model.named_modules() give? Which of the modules are nn.Linear?")
def layers(seen: Seen) -> None:
    """The keys of `update_ratios`' dictionary are the names of all `nn.Linear` layers, those within blocks
    too, in the model's order."""
    value = seen.mapping()["ratios"]
    if not isinstance(value, dict):
        fail(f"`update_ratios` gives {described(value)}, not a dictionary.")
    keys = list(value)
    found, names = set(keys), set(NESTED_NAMES)
    if keys == NESTED_NAMES:
        return
    parameters = {f"{name}.weight" for name in names} <= found
    fail(f"The keys are {described(keys)}; expected {described(NESTED_NAMES)}, in this order.", the_one([
        (SORTED, keys == sorted(NESTED_NAMES)),
        (OTHER_ORDER, found == names and keys != sorted(NESTED_NAMES)),
        (PARAMETER_NAMES, parameters and all(isinstance(key, str) and "." in key for key in keys)),
        (TOP_LEVEL, found == {"first", "head"}),
        (POSITIONS, found in (set(range(4)), set(map(str, range(4))), set(range(1, 5)))),
        (OTHERS_TOO, names < found and found - names <= OTHER_NAMES)]))


def steps_made(seen: Seen) -> list[int]:
    """How often each call of update_ratios called optimizer_step."""
    made = seen.mapping().items("calls")
    fine = all(type(count) is int and count >= 0 for count in made)
    if len(made) != seen.given.get("calls", 1) or not fine:
        fail("How often `optimizer_step` was called cannot be read.")
    return made


class Row:
    """One call's ratios, beside what they should be after the steps that it made."""

    def __init__(self, value: Any, kept: list[list[Tensor]], start: int, steps: int) -> None:
        self.kept, self.steps, self.start = kept, steps, min(start, MOST_STEPS - 1)
        self.stop = min(max(start + steps, self.start + 1), MOST_STEPS)
        self.names = [str(2 * i) for i in range(len(kept[0]) // 4)]
        self.got = ratios_of(value, self.names)
        self.want = [update_ratio(layer) for layer in self.layers]

    @property
    def layers(self) -> list[Layer]:
        return layers_between(self.kept, self.start, self.stop)

    @property
    def holds(self) -> bool:
        """Every ratio is right; where several steps were made, for some of them in a row: how many there are
        to be is for `one_step` to say."""
        if not self.steps:
            return False
        runs = [layers_between(self.kept, *run) for run in combinations(range(self.start, self.stop + 1), 2)]
        return all(any(close(got, update_ratio(run[i]), RTOL) for run in runs)
                   for i, got in enumerate(self.got))

    def told(self, where: str) -> str:
        i = next((i for i, (got, want) in enumerate(zip(self.got, self.want, strict=True))
                  if not close(got, want, RTOL)), 0)
        return (f"The ratio of the layer named {self.names[i]!r} is {self.got[i]:.6g}; expected "
                f"{self.want[i]:.6g}, in {where} of {len(self.names)} layers.")

    def times_gradient(self) -> bool:
        """All ratios are the same constant times ||gradient|| / ||weight||."""
        ratios = [gradient_ratio(layer) for layer in self.layers]
        return alike(self.got, [self.got[0] / ratios[0] * ratio for ratio in ratios], RTOL)


@derived
def rows(seen: Seen) -> list[Row]:
    """What each call of update_ratios returned, beside what it should be."""
    made = steps_made(seen)
    starts = [sum(made[:call]) for call in range(len(made))]
    kept = history(seen.given, min(max(starts[-1] + made[-1], starts[-1] + 1), MOST_STEPS))
    return [Row(one_of(seen, call), kept, *run) for call, run in enumerate(zip(starts, made, strict=True))]


@check(looks_at=in_a_chain, points=3, errors=ERRORS, read=CS231N,
       hint="Copy each weight, make the step, then compare: the norm of the difference over the norm of the "
       "copy.")
def ratios(seen: Seen) -> None:
    """Each ratio is the norm of the layer's weight update over the norm of its weight before the step."""
    row = rows(seen)[0]
    for name, measured, expected in zip(row.names, row.got, row.want, strict=True):
        seen.measure(f"||update|| / ||weight||, layer named {name!r}", f"{measured:.5g}", f"{expected:.5g}")
    if row.holds:
        if row.steps != 1:
            seen.follows("one-step")
        return
    message = row.told("a chain")
    if not any(row.got):
        fail(message, {0: NO_STEP, 1: NO_COPY}.get(row.steps))
    fail(message, the_one([
        *((mistake, alike(row.got, [formula(layer) for layer in row.layers], RTOL))
          for mistake, formula in RATIOS.items()),
        (GRADIENTS, row.times_gradient())]))


@check(looks_at=(in_a_chain, twice), points=2, errors=ERRORS,
       hint="How often is optimizer_step() called? Is the model afterwards as that one step leaves it? What "
       "does the function keep for the next call?")
def one_step(seen: Seen, again: Seen) -> None:
    """`update_ratios` makes just one step, leaves the model as that step does, and begins anew in each
    call."""
    found = seen.mapping()
    calls = sum(steps_made(seen))
    if calls != 1:
        fail(f"`optimizer_step` was called {calls} times; expected 1.", {0: NO_STEP, 2: TWO_STEPS}.get(calls))
    start, step = history(seen.given, 1)
    shapes = [weight.shape for weight in seen.given["weights"]]
    weights, half = found.tensors("weights", shapes, "Weight"), len(step) // 2
    if all(same(got, before, 1e-12) for got, before in zip(weights, start[:half:2], strict=True)):
        fail("After the call the weights are what they were before the step.", UNDONE)
    # the same subtraction in float64
    if not all(same(got, want, 1e-9) for got, want in zip(weights, step[:half:2], strict=True)):
        fail("After the call the weights are not what one step makes of them.")
    gradients = found.items("gradients")
    if not all(isinstance(got, torch.Tensor) and same(got, want, 1e-9)
               for got, want in zip(gradients, step[half::2], strict=False)):
        fail("After the call the gradients are not those of the step.")
    if changed := found.texts("changed"):
        fail(f"The call changed the model's {' and '.join(dict.fromkeys(changed))}; expected no change "
             "beside the step's.")
    first, second = rows(again)
    at_the_end = ratios_of(again.mapping()["first_at_the_end"], first.names)
    if not alike(at_the_end, first.got, 0.0) and alike(at_the_end, second.got, 0.0):
        fail("The second call changed the dictionary that the first one returned.", ONE_DICTIONARY)
    if not first.holds:     # what each ratio is of, is for `ratios` to say
        seen.follows(ratios.id)
    elif not second.holds:
        over_both = [update_ratio(layer) for layer in layers_between(second.kept, 0, second.stop)]
        kept = alike(second.got, over_both, RTOL) or alike(second.got, first.got, RTOL)
        fail(second.told("the second call for a chain"), KEPT if kept else None)


@check(looks_at=with_frozen, points=1, visible=False,
       errors={**ERRORS, "NoneType": NO_GRADIENT},
       hint="What is weight.grad of a layer that is frozen? What is its update?")
def frozen_layer(seen: Seen) -> None:
    """A layer that the step does not change has the ratio 0, and stays frozen."""
    value, found = one_of(seen), seen.mapping()
    if isinstance(value, dict | list | tuple) and len(value) == 2:
        fail(f"`update_ratios` gives {described(value)}: the frozen layer, named '2', has no entry; "
             "expected 0.", LEFT_OUT)
    got = ratios_of(value, ["0", "2", "4"])
    moved = layers_between(history(seen.given, 1), 0, 1)
    undo = next((undo for mistake, undo in UNDONE_BY.items()
                 if all(close(got[i], RATIOS[mistake](moved[i]), RTOL) for i in (0, 2))), None)
    if undo:
        seen.follows(ratios.id)
    # a copy in float32 is off by 3e-8; what the ratio is of is for `ratios` to say
    if not abs(undo(got[1]) if undo else got[1]) <= 1e-6:
        fail(f"The ratio of the frozen layer, named '2', is {got[1]:.6g}; expected 0.")
    if "requires_grad" in found.texts("changed"):
        fail("After the call the frozen layer is no longer frozen.", UNFROZEN)


@check(looks_at=(seven_layers, four_layers), points=2,
       hint="If each of n layers is f times as fast as the one before it, how much faster is the last?")
def factor(*seen: Seen) -> None:
    """`factor_per_layer` gives the factor from one layer to the next, as geometric mean from the first to the
    last."""
    logs = [(one.given["about"] + one.given["noise"]).tolist() for one in seen]
    want = [math.exp((one[-1] - one[0]) / (len(one) - 1)) for one in logs]
    got = [number(one.mapping()["factor"], "`factor_per_layer(ratios)`") for one in seen]
    mistaken = [mistaken_factors(one.given["names"], log) for one, log in zip(seen, logs, strict=True)]
    for one, value, expected in zip(seen, got, want, strict=True):
        if not close(value, expected, RTOL):
            fail(f"`factor_per_layer(ratios)` is {value:.6g}; expected {expected:.6g}, for ratios of the "
                 f"layers {', '.join(one.given['names'])}.",
                 the_one((mistake, alike(got, [table[mistake] for table in mistaken], RTOL))
                         for mistake in mistaken[0]))
    for one in seen:
        left: Any = one.mapping()["ratios"]
        if not isinstance(left, dict) or list(left) != one.given["names"]:
            fail(f"After the call the dictionary's keys are {described(left)}; expected "
                 f"{described(one.given['names'])}.", CHANGED)


