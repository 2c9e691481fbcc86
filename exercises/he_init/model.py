"""The model that `init_weights` is tried on, as probes.py builds it, and what is to be filled."""

import math

import torch
from torch import Tensor

from grader.spec import (
    BIAS_NOT_ZERO,
    HE,
    RATE,
    Diagnosis,
    Draw,
    Parts,
    Seen,
    Told,
    apart,
    expect_each,
    fail,
    fail_law,
    follow,
    identical,
    means_are,
    statistics,
    tensor,
)

from .misconceptions import DILATED, FROZEN, GROUPS, REPLACED, SAME_DRAW, TOUCHED, told_of

WEIGHTS = {"line.weight": (16, 24, 5), "image.weight": (16, 12, 3, 5), "each.weight": (96, 1, 5, 5),
           "volume.weight": (16, 8, 2, 3, 4), "head.1.weight": (32, 80), "head.3.weight": (80, 32),
           "head.5.weight": (32, 80)}
BIASES = {"line.bias": (16,), "image.bias": (16,), "each.bias": (96,), "head.1.bias": (32,),
          "head.5.bias": (32,)}
OTHERS = ("upwards.weight", "upwards.bias", "batch_norm.weight", "batch_norm.bias", "batch_norm.running_mean",
          "batch_norm.running_var", "plain_norm.running_mean", "plain_norm.running_var", "layer_norm.weight",
          "layer_norm.bias", "embedding.weight", "widening.weight", "widening.bias", "group_norm.weight",
          "group_norm.bias", "slopes.weight", "pairs.weight", "pairs.bias", "map.weight", "map.bias")
LAYERS = {"line": "Conv1d in 2 groups", "image": "Conv2d", "each": "depthwise Conv2d", "volume": "Conv3d",
          "head.1": "Linear", "head.3": "Linear", "head.5": "Linear",
          "upwards": "ConvTranspose2d", "batch_norm": "BatchNorm2d", "plain_norm": "BatchNorm1d",
          "layer_norm": "LayerNorm", "embedding": "Embedding", "widening": "ConvTranspose1d",
          "group_norm": "GroupNorm", "slopes": "PReLU", "pairs": "Bilinear",
          "map": "module of our own, LinearMap,"}
TWINS = ("head.1.weight", "head.5.weight")   # of one shape


def in_our_model(name: str, called: str = "") -> str:
    """A tensor of the model, which no student has seen, at the beginning of a sentence."""
    layer, _, what = name.rpartition(".")
    return f"The {called or what} of `{layer}` (a {LAYERS[layer]} in a model of ours)"


def expect_nothing_else(seen: Seen) -> None:
    """Biases are zero, and all else is what it was: each of it is told, whatever else is wrong."""
    before, after, facts = (seen.mapping().mapping(name) for name in ("before", "after", "facts"))
    expect_each(lambda: expect_same_parameters(facts), lambda: expect_biases_zero(after),
                lambda: expect_others_unchanged(before, after), lambda: expect_same_modes(seen))


def expect_same_modes(seen: Seen) -> None:
    """Of all modules: training or evaluation."""
    if seen.mapping()["modes"] is not True:
        fail("A module of our model was in training mode before and is not any more, or the other way round.")


def expect_same_parameters(facts: Parts) -> None:
    """All parameters are the objects they were, and can be trained."""
    for name in (*WEIGHTS, *BIASES, *OTHERS):
        if "running" in name:
            continue
        fact = facts.mapping(name)
        if fact.get("same") is not True or fact.get("parameter") is not True:
            fail(f"{in_our_model(name)} is not the Parameter any more that it was.",
                 REPLACED if fact.get("parameter") is True else None)
        if fact.get("leaf") is not True or fact.get("requires_grad") is not True:
            fail(f"{in_our_model(name)} is no leaf that requires a gradient any more.",
                 FROZEN if fact.get("leaf") is True and fact.get("requires_grad") is False else None)


def filled(after: Parts, name: str, shape: tuple[int, ...], own: Parts | None = None) -> Tensor:
    """A tensor that `init_weights` was to fill, in float64; another shape or dtype than it had fails, but for
    what `he_normal_` alone makes of it."""
    found, alone = tensor(after.get(name), shape, in_our_model(name)), own.get(name) if own else None
    fair = {torch.float32, alone.dtype if isinstance(alone, Tensor) else torch.float32}
    if after[name].dtype not in fair:
        fail(f"{in_our_model(name)} had dtype torch.float32 and has {after[name].dtype} now.")
    return found


def weights_of(seen: Seen, after: Parts, own: Parts) -> list[Draw]:
    """The weights of the layers to be filled."""
    return [Draw(seen, shape, apart(filled(after, name, shape, own)), in_our_model(name, "weights"),
                 f"`{name}`") for name, shape in WEIGHTS.items()]


def expect_biases_zero(after: Parts) -> None:
    """The biases of the layers to be filled are zero."""
    for name, shape in BIASES.items():
        bias = filled(after, name, shape)
        if not bool((bias == 0).all()):
            fail(f"{in_our_model(name)} reaches up to {float(bias.abs().max()):.3g}; expected 0.",
                 BIAS_NOT_ZERO)


def expect_others_unchanged(before: Parts, after: Parts) -> None:
    """What belongs to other layers holds what it held."""
    for name in OTHERS:
        if not unchanged(before, after, name):
            fail(f"{in_our_model(name)} was changed; it belongs to none of the layers to be filled.", TOUCHED)


def unchanged(before: Parts, after: Parts, name: str) -> bool:
    """The tensor of this name is there, and holds what it held before."""
    old, new = before.get(name), after.get(name)
    return isinstance(old, Tensor) and isinstance(new, Tensor) and identical(old, new)


def expect_he_or_own(draws: list[Draw], seen: Seen, own: Parts) -> None:
    """The weights follow He's law, or what the student's own `he_normal_` makes of such weights."""
    if follow(draws, HE, false_alarm=RATE / 2) and means_are(draws, lambda _: 0.0, false_alarm=RATE / 2):
        return
    alone = [own.get(name) for name in WEIGHTS]
    if all(isinstance(weight, Tensor) and tuple(weight.shape) == draw.shape and _alike(draw, weight)
           for draw, weight in zip(draws, alone, strict=True)):
        seen.follows("fills-in-place", "mean", "variance")
        seen.measure("weights of the model", "as your own `he_normal_` fills them", "He's variance",
                     "what is wrong with `he_normal_` is told at the checks on it")
        return
    if not follow(draws, HE, false_alarm=RATE / 2):
        fail_law(draws, HE, _of_kernels(draws) or told_of(draws))
    fail("The weights do not have mean zero.")


# what each mistake makes of fan_in, where it makes anything of it
TIMES: dict[Diagnosis, dict[str, float]] = {
    GROUPS: {"line": 2, "each": 96}, DILATED: {"image": 5 * 9 / (3 * 5)}}


def _of_kernels(draws: list[Draw]) -> Told | None:
    """What was overlooked in the convolutions that are no plain ones."""
    for diagnosis, factors in TIMES.items():
        if follow([Draw(draw.seen, draw.shape, draw.weights * math.sqrt(factors.get(name.split(".")[0], 1)))
                   for draw, name in zip(draws, WEIGHTS, strict=True)], HE):
            return "", diagnosis
    return None


def _alike(draw: Draw, weight: Tensor) -> bool:
    """The same weights, or the same variance and mean."""
    other = apart(weight.double())
    if not bool(other.var() > 0):
        return False
    if identical(draw.weights, other):
        return True
    kurtosis = max(statistics.moment_ratio(other, 4), 1.2)
    error = math.sqrt(float(other.var()) * (1 / other.numel() + 1 / draw.weights.numel()))
    apart_by = abs(float(other.mean() - draw.weights.mean()))
    return (statistics.variance_ratio(draw.weights, other, 1.0, kurtosis=kurtosis).holds
            and apart_by <= statistics.limit(RATE) * error)


def expect_own_draws(after: Parts, own: Parts) -> None:
    """Layers of one shape have weights of their own; that `he_normal_` always draws the same is its own
    fault."""
    one, other = (after.get(name) for name in TWINS)
    alone = [own.get(name) for name in TWINS]
    if isinstance(one, Tensor) and isinstance(other, Tensor) and identical(one, other) and not (
            isinstance(alone[0], Tensor) and isinstance(alone[1], Tensor) and identical(*alone)):
        fail(f"`{TWINS[0]}` and `{TWINS[1]}` of a model of ours hold the very same numbers.", SAME_DRAW)
