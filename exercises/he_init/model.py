"""The model that `init_weights` is tried on, as probes.py builds it, and what is to be filled."""

import torch
from torch import Tensor

from grader.spec import BIAS_NOT_ZERO, Draw, Parts, Seen, apart, fail, identical, tensor

from .misconceptions import FROZEN, REPLACED, TOUCHED

WEIGHTS = {"line.weight": (96, 48, 5), "image.weight": (64, 24, 3, 5), "volume.weight": (64, 16, 2, 3, 4),
           "head.1.weight": (160, 400), "head.3.weight": (400, 160)}
BIASES = {"line.bias": (96,), "image.bias": (64,), "head.1.bias": (160,)}
OTHERS = ("upwards.weight", "upwards.bias", "batch_norm.weight", "batch_norm.bias", "batch_norm.running_mean",
          "batch_norm.running_var", "plain_norm.running_mean", "plain_norm.running_var", "layer_norm.weight",
          "layer_norm.bias", "embedding.weight", "widening.weight", "widening.bias", "group_norm.weight",
          "group_norm.bias", "slopes.weight", "pairs.weight", "pairs.bias")
LAYERS = {"line": "Conv1d", "image": "Conv2d", "volume": "Conv3d", "head.1": "Linear", "head.3": "Linear",
          "upwards": "ConvTranspose2d", "batch_norm": "BatchNorm2d", "plain_norm": "BatchNorm1d",
          "layer_norm": "LayerNorm", "embedding": "Embedding", "widening": "ConvTranspose1d",
          "group_norm": "GroupNorm", "slopes": "PReLU", "pairs": "Bilinear"}


def in_our_model(name: str, called: str = "") -> str:
    """A tensor of the model, which no student has seen, at the beginning of a sentence."""
    layer, _, what = name.rpartition(".")
    return f"The {called or what} of `{layer}` (a {LAYERS[layer]} in a model of ours)"


def expect_same_parameters(facts: Parts) -> None:
    """The parameters to be filled are the objects they were, and can be trained."""
    for name in (*WEIGHTS, *BIASES):
        fact = facts.mapping(name)
        if fact.get("same") is not True or fact.get("parameter") is not True:
            fail(f"{in_our_model(name)} is not the Parameter any more that it was.",
                 REPLACED if fact.get("parameter") is True else None)
        if fact.get("leaf") is not True or fact.get("requires_grad") is not True:
            fail(f"{in_our_model(name)} is no leaf that requires a gradient any more.",
                 FROZEN if fact.get("leaf") is True and fact.get("requires_grad") is False else None)


def filled(after: Parts, name: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor that `init_weights` was to fill, in float64; another shape or dtype than it had fails."""
    found = tensor(after.get(name), shape, in_our_model(name))
    if after[name].dtype is not torch.float32:
        fail(f"{in_our_model(name)} had dtype torch.float32 and has {after[name].dtype} now.")
    return found


def weights_of(seen: Seen, after: Parts) -> list[Draw]:
    """The weights of the layers to be filled."""
    return [Draw(seen, shape, apart(filled(after, name, shape)), in_our_model(name, "weights"), f"`{name}`")
            for name, shape in WEIGHTS.items()]


def expect_biases_zero(after: Parts) -> None:
    """The biases of the layers to be filled are zero."""
    for name, shape in BIASES.items():
        bias = filled(after, name, shape)
        if not bool((bias == 0).all()):
            fail(f"{in_our_model(name)} is not zero: it reaches up to {float(bias.abs().max()):.3g}.",
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
