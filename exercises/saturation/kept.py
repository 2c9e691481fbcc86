"""What a call must leave as it was: its inputs, the model, the model's hooks, and what the next one gives."""

import torch

from grader.spec import Seen, alike, expect_each, expect_numbers, fail, identical, tensor

from .followed import Profile
from .misconceptions import HOOKS_LEFT, INPUT_CHANGED, MODE_CHANGED, MODEL_CHANGED, PILE_UP, STALE
from .reference import backward


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
    expect_each(lambda: expect_parameters(seen), lambda: expect_modes(seen), lambda: expect_x(seen))


def expect_parameters(seen: Seen) -> None:
    """Those of the model, and they can be trained."""
    found = seen.mapping()
    before = [p for layer in zip(seen.given["weights"], seen.given["biases"], strict=True) for p in layer]
    after = found.items("parameters")
    kept = len(after) == len(before) and all(
        isinstance(a, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
        for a, b in zip(after, before, strict=True))
    if not kept or found["trainable"] is not True:
        fail("After the call the model's parameters have other values, another dtype, or no longer require "
             "grad.", MODEL_CHANGED)


def expect_modes(seen: Seen) -> None:
    """Of each module: training or evaluation."""
    if seen.mapping()["modes"] is not True:
        fail("After the call not every module is in the mode, training or evaluation, that it was in.",
             MODE_CHANGED)


def expect_x(seen: Seen) -> None:
    """The input holds its numbers."""
    found, x = seen.mapping(), seen.given["x"]
    if not identical(found.tensor("x", tuple(x.shape), "After the call x"), x.double()):
        fail("After the call x holds other numbers than before.", INPUT_CHANGED)


def expect_no_hooks(seen: Seen) -> None:
    """On the model, or on anything in it."""
    left = seen.mapping().whole("hooks")
    if left:
        fail(f"After the calls the model carries {left} hooks; expected 0.", HOOKS_LEFT)


def expect_answers(seen: Seen, form: Profile) -> None:
    """The model and x are what they were; asked twice, the profile is the same, and asked with another input,
    that one's."""
    expect_kept(seen)   # what was changed changes the answers, too
    found = seen.mapping()
    first, second, other = (found.numbers(name, f"`gradient_profile`'s {name} list")
                            for name in ("first", "second", "other"))
    if len(first) != len(second):
        fail(f"The first call gave {len(first)} numbers; the second, on the same model, {len(second)} other "
             "ones.", PILE_UP if alike(second[:len(first)], first, 1e-4) else None)
    # the same sums in the same order; float32, and 1e-4 leaves room for another order
    if not alike(second, first, 1e-4):
        fail("The second call on the same model gave other numbers.")
    expect_numbers(second, form(backward(seen.given)), rtol=1e-3, what="`gradient_profile`'s second list")
    expect_numbers(other, form(backward({**seen.given, "x": -2 * seen.given["x"]})), rtol=1e-3,
                   what="`gradient_profile`'s list for another x", otherwise={STALE: second})
