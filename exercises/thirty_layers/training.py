"""How a net is trained: the task's recipe, the mistakes in it, and the losses that each gives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from grader.spec import Diagnosis, Seen, derived, fail, normal, same, tensor

from .misconceptions import (
    ADAM,
    AFTER_UPDATE,
    COPY_TRAINED,
    NO_MOMENTUM,
    NOT_TRAINED,
    ONE_BATCH,
    OTHER_RATE,
    PILED_UP,
    RUNNING_MEAN,
    SOFTMAX_TWICE,
    SUMMED,
    TWO_BATCHES,
)
from .nets import forward

SIZES, BATCH = (12, 16, 5), 24

# The nets have tanh for an activation: at a ReLU's kink float32 and float64 may go separate ways, as they did
# once in a thousand draws. Over 1,000 draws the losses in float32 and float64 differ by up to 2.4e-7, the
# parameters by 4.1e-7 (relative); the mistakes' losses lie 2.8 % or more from the right ones.
RTOL = 1e-4


def small(**given: Any) -> dict[str, Any]:
    """Inputs of a probe: a net with one hidden layer, of tanh. Its classes are guessed at random: each loss
    differs."""
    pairs = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    return {"weights": [normal(o, i, std=0.5) for o, i in pairs],
            "biases": [normal(o, std=0.5) for o, _ in pairs], **given}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a net is trained: the task's recipe, or a mistake in it."""

    momentum: float = 0.9
    zeroed: bool = True
    rate: float | None = None       # in place of the learning rate asked for
    adam: bool = False
    softmax: bool = False
    every: int = 1                  # 0: the first batch always; 2: every other batch
    scale: float = 1.0              # of the loss
    steps_made: bool = True
    after: bool = False             # the losses are those after the update


RIGHT = Recipe()
MISTAKES: Mapping[Diagnosis, tuple[Recipe, ...]] = {
    NO_MOMENTUM: (Recipe(momentum=0.0),), PILED_UP: (Recipe(zeroed=False),),
    AFTER_UPDATE: (Recipe(after=True),),
    OTHER_RATE: tuple(Recipe(rate=rate) for rate in (0.1, 0.01, 0.003, 0.001)), ADAM: (Recipe(adam=True),),
    SOFTMAX_TWICE: (Recipe(softmax=True),), ONE_BATCH: (Recipe(every=0),), TWO_BATCHES: (Recipe(every=2),),
    SUMMED: (Recipe(scale=BATCH),), NOT_TRAINED: (Recipe(steps_made=False),)}


def reference(start: Mapping[str, Any], given: Mapping[str, Any], recipe: Recipe = RIGHT,
              begin: int = 0) -> tuple[list[float], list[Tensor]]:
    """The losses and the parameters, layer by layer, after `start`'s steps in float64; from batch
    `begin` on."""
    parameters = [p.double().clone().requires_grad_()
                  for pair in zip(start["weights"], start["biases"], strict=True) for p in pair]
    lr = start["lr"] if recipe.rate is None else recipe.rate
    optimizer = (torch.optim.Adam(parameters, lr=lr) if recipe.adam
                 else torch.optim.SGD(parameters, lr=lr, momentum=recipe.momentum))

    def loss_on(at: int) -> Tensor:
        x, scores = (given[name][(begin + at * recipe.every) % len(given[name])] for name in ("x", "scores"))
        out = forward(parameters[::2], parameters[1::2], x.double(), torch.tanh)
        return recipe.scale * nn.functional.cross_entropy(out.softmax(1) if recipe.softmax else out,
                                                          scores.argmax(-1))

    losses = []
    with torch.enable_grad():
        for step in range(start["steps"]):
            loss = loss_on(step)
            if recipe.zeroed:
                optimizer.zero_grad()
            torch.autograd.backward(loss)
            if recipe.steps_made:
                optimizer.step()
            losses.append((loss_on(step) if recipe.after else loss).item())
    return losses, [p.detach() for p in parameters]


@derived
def expected(seen: Seen) -> tuple[list[float], list[Tensor]]:
    """The reference for the net and the batches that the step was given."""
    return reference(seen.given, seen.given)


def mistaken(seen: Seen) -> Iterator[tuple[Diagnosis, list[float]]]:
    """The losses that each misconception gives in this step."""
    for diagnosis, recipes in MISTAKES.items():
        for recipe in recipes:
            yield diagnosis, reference(seen.given, seen.given, recipe)[0]
    right, _ = expected(seen)
    yield RUNNING_MEAN, [sum(right[:i + 1]) / (i + 1) for i in range(len(right))]


def expect_parameters(found: Sequence[Any], start: Mapping[str, Any], want: Sequence[Tensor]) -> None:
    """These parameters, one by one; the untrained ones are named."""
    if len(found) != len(want):
        fail("After `train` the model has not the parameters that it had before.")
    got = [tensor(p, tuple(w.shape), "A parameter of the trained model")
           for p, w in zip(found, want, strict=True)]
    if all(same(g, w, RTOL) for g, w in zip(got, want, strict=True)):
        return
    before = [p for pair in zip(start["weights"], start["biases"], strict=True) for p in pair]
    if all(same(g, b, RTOL) for g, b in zip(got, before, strict=True)):
        fail("After `train` the model's parameters are what they were before.", COPY_TRAINED)
    worst = max(float((g - w).abs().max()) for g, w in zip(got, want, strict=True))
    fail(f"After `train` the model's parameters are off by up to {worst:.3g}.")
