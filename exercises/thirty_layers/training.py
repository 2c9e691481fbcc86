"""How a net is trained: the task's recipe, the mistakes in it, and the losses that each gives."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from grader.spec import Diagnosis, Parts, Seen, alike, derived, fail, normal, same, tensor, the_one, varies

from .misconceptions import (
    ADAM,
    AFTER_UPDATE,
    CLIPPED,
    COPY_TRAINED,
    EVALUATED,
    NESTEROV,
    NO_MOMENTUM,
    NOT_TRAINED,
    ONE_BATCH,
    ONE_MORE,
    OTHER_RATE,
    PILE_UP,
    PILED_UP,
    RESEEDED,
    ROUNDED,
    RUNNING_MEAN,
    SOFTMAX_TWICE,
    STATE_KEPT,
    SUMMED,
    TWO_BATCHES,
    WEIGHT_DECAY,
)

SIZES, BATCH = (12, 16, 5), 24

# The nets have tanh for an activation: at a ReLU's kink float32 and float64 may go separate ways, as they did
# once in a thousand draws. The losses and parameters of `gentle` differ in float32 and float64 by up to 5e-7
# (relative, 40 draws), those of `steep` by 1.4e-6 (400 draws); a weight decay of 1e-5 moves the parameters by
# 1.5e-4, other mistakes by more.
RTOL = 1e-5
RTOL_STEEP = 1e-4
FEW = 8   # losses


def gentle(**given: Any) -> dict[str, Any]:
    """A net with one hidden layer and batches for it, whose classes are guessed at random: each loss
    differs."""
    return _task(first=0.5, last=0.5, data=1.0, **given)


def steep(**given: Any) -> dict[str, Any]:
    """The same with large inputs, so that the gradient's norm is 100 and more: beyond whatever people clip
    it to."""
    return _task(first=0.01, last=3.0, data=30.0, **given)


def _task(*, first: float, last: float, data: float, **given: Any) -> dict[str, Any]:
    inputs, hidden, classes = SIZES
    return {"weights": [normal(hidden, inputs, std=first), normal(classes, hidden, std=last)],
            "biases": [normal(hidden, std=0.5), normal(classes, std=0.5)],
            "x": normal(16, BATCH, inputs, std=data), "scores": normal(16, BATCH, classes), **given}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a net is trained: the task's recipe, or a mistake in it."""

    momentum: float = 0.9
    nesterov: bool = False
    decay: float = 0.0              # of the weights
    clip: float | None = None       # the gradient's largest norm
    zeroed: bool = True
    rate: float | None = None       # in place of the learning rate asked for
    adam: bool = False
    softmax: bool = False
    every: int = 1                  # 0: the first batch always; 2: every other batch
    scale: float = 1.0              # of the loss
    steps_made: bool = True
    after: bool = False             # the losses are those after the update
    evaluated: bool = False         # without dropout


RIGHT = Recipe()
MISTAKES: Mapping[Diagnosis, tuple[Recipe, ...]] = {
    NO_MOMENTUM: (Recipe(momentum=0.0),), PILED_UP: (Recipe(zeroed=False),),
    AFTER_UPDATE: (Recipe(after=True),),
    OTHER_RATE: tuple(Recipe(rate=rate) for rate in (0.1, 0.01, 0.003, 0.001)), ADAM: (Recipe(adam=True),),
    SOFTMAX_TWICE: (Recipe(softmax=True),), ONE_BATCH: (Recipe(every=0),), TWO_BATCHES: (Recipe(every=2),),
    SUMMED: (Recipe(scale=BATCH),), NOT_TRAINED: (Recipe(steps_made=False),),
    NESTEROV: (Recipe(nesterov=True),), EVALUATED: (Recipe(evaluated=True),),
    WEIGHT_DECAY: tuple(Recipe(decay=decay) for decay in (1e-2, 1e-3, 5e-4, 1e-4, 1e-5)),
    CLIPPED: tuple(Recipe(clip=norm) for norm in (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0))}


def forward(parameters: Sequence[Tensor], x: Tensor, *, dropped: bool = False) -> Tensor:
    """The scores of a small net for x, (batch, inputs): linear, tanh, perhaps the dropout of the probe,
    linear.

    Args:
        parameters: weight, bias, weight, bias.
    """
    hidden = (x @ parameters[0].T + parameters[1]).tanh()
    if dropped:
        hidden = hidden * (0.5 + torch.arange(hidden.shape[1]) % 2)
    return hidden @ parameters[2].T + parameters[3]


def batch(given: Mapping[str, Any], at: int) -> tuple[Tensor, Tensor]:
    """What `next_batch` hands out when it is called for the time number `at`, from 0 on."""
    at %= len(given["x"])
    return given["x"][at].double(), given["scores"][at].argmax(-1)


def loss_on(parameters: Sequence[Tensor], given: Mapping[str, Any], step: int, recipe: Recipe) -> Tensor:
    """The loss that the recipe takes in this step, counted from 0."""
    x, y = batch(given, step * recipe.every)
    out = forward(parameters, x, dropped=given.get("dropped", False) and not recipe.evaluated)
    return recipe.scale * nn.functional.cross_entropy(out.softmax(1) if recipe.softmax else out, y)


def reference(given: Mapping[str, Any], recipe: Recipe = RIGHT) -> tuple[list[float], list[Tensor]]:
    """The losses and the parameters, layer by layer, after the steps in float64."""
    parameters = [p.double().clone().requires_grad_()
                  for pair in zip(given["weights"], given["biases"], strict=True) for p in pair]
    lr = given["lr"] if recipe.rate is None else recipe.rate
    optimizer = (torch.optim.Adam(parameters, lr=lr) if recipe.adam
                 else torch.optim.SGD(parameters, lr=lr, momentum=recipe.momentum, nesterov=recipe.nesterov,
                                      weight_decay=recipe.decay))

    losses = []
    with torch.enable_grad():
        for step in range(given["steps"]):
            loss = loss_on(parameters, given, step, recipe)
            if recipe.zeroed:
                optimizer.zero_grad()
            torch.autograd.backward(loss)
            if recipe.clip is not None:
                nn.utils.clip_grad_norm_(parameters, recipe.clip)
            if recipe.steps_made:
                optimizer.step()
            told = loss_on(parameters, given, step, recipe) if recipe.after else loss
            losses.append(told.item())
    return losses, [p.detach() for p in parameters]


@derived
def expected(seen: Seen) -> tuple[list[float], list[Tensor]]:
    """The reference for the net and the batches that the step was given."""
    return reference(seen.given)


@derived
def mistaken(seen: Seen) -> tuple[tuple[Diagnosis, Recipe | None], ...]:
    """The misconceptions under which training gives the student's losses, each with its recipe; None where
    only what is told of the losses is wrong."""
    got, (right, _) = losses_of(seen.mapping()), expected(seen)
    found: list[tuple[Diagnosis, Recipe | None]] = [
        (diagnosis, recipe) for diagnosis, recipes in MISTAKES.items() for recipe in recipes
        if gives(seen.given, recipe, got, RTOL)]
    if alike(got, [sum(right[:i + 1]) / (i + 1) for i in range(len(right))], RTOL):
        found.append((RUNNING_MEAN, None))
    if len(got) == len(right) and any(
            all(g == round(g, digits) and abs(g - w) <= 0.51 * 10**-digits
                for g, w in zip(got, right, strict=True)) for digits in range(1, 5)):
        found.append((ROUNDED, None))
    return tuple(found)


def gives(given: Mapping[str, Any], recipe: Recipe, got: Sequence[float], rtol: float) -> bool:
    """Are these the losses under this recipe?

    Where the first few tell it from the task's, they are enough: with too large a step what follows is chaos,
    in which float32 and float64 part.
    """
    few = {**given, "steps": min(FEW, given["steps"])}
    begins = reference(few, recipe)[0]
    if len(got) != given["steps"] or not alike(got[:FEW], begins, 10 * rtol):
        return False
    told = not alike(begins, reference(few)[0], 100 * rtol)
    return told or alike(got, reference(given, recipe)[0], rtol)


@derived
def recipe_of(seen: Seen) -> Recipe:
    """The recipe by which the student's losses came about, if they are those of one mistake; else the
    task's."""
    if right(seen):
        return RIGHT
    found = [recipe for _, recipe in mistaken(seen) if recipe is not None and not recipe.after]
    return found[0] if len(found) == 1 else RIGHT


def right(seen: Seen) -> bool:
    """Are the losses those of the task's recipe?"""
    return alike(losses_of(seen.mapping()), expected(seen)[0], RTOL)


def losses_of(found: Parts) -> list[float]:
    return found.numbers("losses", "`train`'s list")


def parameters_of(found: Parts, start: Mapping[str, Any]) -> list[Tensor]:
    """The parameters of a trained net, of the shapes they had."""
    before, parameters = beginning(start), found.items("parameters")
    if len(parameters) != len(before):
        fail(f"After `train` the model has {len(parameters)} parameters; before it had {len(before)}.")
    return [tensor(p, tuple(b.shape), "A parameter of the trained model")
            for p, b in zip(parameters, before, strict=True)]


def beginning(start: Mapping[str, Any]) -> list[Tensor]:
    """The parameters before training."""
    return [p for pair in zip(start["weights"], start["biases"], strict=True) for p in pair]


def all_same(got: Sequence[Tensor], want: Sequence[Tensor], rtol: float) -> bool:
    return all(same(g, w, rtol) for g, w in zip(got, want, strict=True))


# --- what is expected of it ----------------------------------------------------------------------------

def expect_losses(seen: Seen, large: Seen) -> None:
    """The losses of the task's recipe, in both runs; of others, the misconception that gives them is
    named."""
    got, (want, _) = losses_of(seen.mapping()), expected(seen)
    if len(got) != len(want):
        fail(f"`train` with steps={len(want)} gives {len(got)} losses; expected {len(want)}.",
             ONE_MORE if abs(len(got) - len(want)) == 1 else None)
    if not alike(got, want, RTOL):
        _fail_loss(got, want, RTOL, "", the_one((diagnosis, True) for diagnosis, _ in mistaken(seen)))
    want, _ = expected(large)
    # what is left over from another call is what `starts_afresh` is about
    got = losses_of(large.mapping().mapping("first"))[-len(want):]
    if not alike(got, want, RTOL_STEEP):
        clipped = any(gives(large.given, recipe, got, RTOL_STEEP) for recipe in MISTAKES[CLIPPED])
        _fail_loss(got, want, RTOL_STEEP, " where inputs and gradients are large",
                   CLIPPED if clipped else None)


def _fail_loss(got: Sequence[float], want: Sequence[float], rtol: float, where: str,
               diagnosis: Diagnosis | None) -> NoReturn:
    off = next(i for i in range(len(want)) if not alike(got[i:i + 1], want[i:i + 1], rtol))
    found = f"{got[off]:.6g}" if off < len(got) else "missing"
    fail(f"The loss at step {off + 1} is {found}; expected {want[off]:.6g}{where}.", diagnosis)


def expect_parameters(seen: Seen, large: Seen) -> None:
    """The parameters that the student's own way of training gives, if it is known; else those that go on to
    give the next loss."""
    got = parameters_of(seen.mapping(), seen.given)
    if all_same(got, expected(seen)[1], RTOL):
        return
    recipe = recipe_of(seen)
    if all_same(got, beginning(seen.given), RTOL):
        fail("After `train` the model's parameters are what they were before.",
             COPY_TRAINED if recipe.steps_made else NOT_TRAINED)
    if not right(seen):
        seen.follows("losses")
        if goes_on(large, recipe):
            return
    want = reference(seen.given, recipe)[1]
    off = [(g - w).abs().nan_to_num(nan=torch.inf).flatten() for g, w in zip(got, want, strict=True)]
    worst = max(range(len(off)), key=lambda i: float(off[i].max()))
    at = int(off[worst].argmax())
    fail(f"After `train` an entry of the model's parameter {worst + 1} is "
         f"{float(got[worst].flatten()[at]):.5g}; expected {float(want[worst].flatten()[at]):.5g}.")


def goes_on(seen: Seen, recipe: Recipe) -> bool:
    """Has a net that was trained, however, the loss that the same training one step longer gives next?"""
    first, longer = (seen.mapping().mapping(name) for name in ("first", "third"))
    loss = loss_on(parameters_of(first, seen.given), seen.given, len(losses_of(first)), recipe)
    return alike(losses_of(longer)[-1:], [float(loss)], RTOL_STEEP)


def expect_nothing_left_over(seen: Seen, plain: Seen) -> None:
    """A later call of `train` gives what it gives as the first one."""
    calls = {name: seen.mapping().mapping(name) for name in ("first", "second", "third", "further", "copy")}
    first, second, third, further, copy = map(losses_of, calls.values())
    steps = seen.given["steps"]
    if not first or not all(map(math.isfinite, first)):
        fail("`train` gives no losses that could be compared.")
    if len(third) != len(first) + 1 or not alike(third[:-1], first, RTOL_STEEP):
        piled = len(third) > steps + 1 and alike(third[-steps - 1:-1], first[-steps:], RTOL_STEEP)
        fail(f"A later call on the same net from its beginning gives {len(third)} losses in {steps + 1} "
             f"steps that begin with {third[0] if third else math.nan:.5g}; the first call gave {len(first)} "
             f"in {steps} steps that begin with {first[0]:.5g}.", PILE_UP if piled else None)
    if not right(plain):
        seen.follows("losses")
    elif not alike(second, reference(seen.given["other"])[0], RTOL):
        fail("The second call of `train`, with another model and learning rate, gives other losses than it "
             "would have given by itself.")
    one, other = (parameters_of(calls[name], seen.given) for name in ("further", "copy"))
    if not alike(further, copy, RTOL_STEEP) or not all_same(one, other, RTOL_STEEP):
        fail("A second call of `train` on the same model trains it otherwise than one on an equal model.",
             STATE_KEPT)
    if not varies(seen.mapping().tensors("drawn", [(4,), (4,)], "Draw")):
        fail("After two calls of `train`, torch.rand gives the same numbers.", RESEEDED)
