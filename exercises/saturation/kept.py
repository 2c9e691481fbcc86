"""What a call must leave as it was: its inputs, the model, and the model's hooks."""

import torch

from grader.spec import Seen, fail, identical, tensor

from .misconceptions import INPUT_CHANGED, MODE_CHANGED, MODEL_CHANGED


def unchanged(seen: Seen, what: str) -> bool:
    """The tensor that was handed in holds what it held."""
    given = seen.given["0"].double()
    return identical(tensor(seen.argument(), tuple(given.shape), f"After the call {what}"), given)


def expect_unchanged(seen: Seen, what: str) -> None:
    """It is a failure if the tensor that was handed in holds something else."""
    if not unchanged(seen, what):
        fail(f"After the call {what} holds other numbers than before.", INPUT_CHANGED)


def expect_kept(seen: Seen) -> None:
    """After the calls the model and x are what they were."""
    found, x = seen.mapping(), seen.given["x"]
    before = [p for layer in zip(seen.given["weights"], seen.given["biases"], strict=True) for p in layer]
    after = found.items("parameters")
    kept = len(after) == len(before) and all(
        isinstance(a, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
        for a, b in zip(after, before, strict=True))
    if not kept or found["trainable"] is not True:
        fail("After the call the model's parameters have other values, another dtype, or no longer require "
             "grad.", MODEL_CHANGED)
    if found["modes"] is not True:
        fail("After the call not every module is in the mode, training or evaluation, that it was in.",
             MODE_CHANGED)
    if not identical(found.tensor("x", tuple(x.shape), "After the call x"), x.double()):
        fail("After the call x holds other numbers than before.", INPUT_CHANGED)
