"""PyTorch's own errors that students of gradients meet most -> what to try next.

Looked for where an exercise has no word of its own on the error.
"""

from __future__ import annotations

import re

from grader.locale import N_

_NONE = r"'NoneType' object|(operand type|not supported between).*'NoneType'|\bnot '?NoneType"

KNOWN = {
    r"leaf Variable that requires grad .*in-place": N_(
        "A parameter is changed where PyTorch records what is computed. Change it under "
        "`with torch.no_grad():`."),
    r"does not require grad and does not have a grad_fn": N_(
        "Nothing was recorded on the way here: is there a `torch.no_grad()`, `.detach()`, `.data` or "
        "`.item()` before `backward`?"),
    r"backward through the graph a second time": N_(
        "`backward` lets go of what it went through. Compute the loss anew before the next one."),
    r"modified by an inplace operation": N_(
        "Something that `backward` needs was overwritten: `+=` or a method that ends in `_` changes the "
        "tensor itself. Write `x = x + y` there, or change parameters only after `backward`, under "
        "`with torch.no_grad():`."),
    r"Can't call numpy\(\) on Tensor that requires grad": N_(
        "Take `.detach()` first: NumPy records no gradients."),
    r"grad can be implicitly created only for scalar outputs": N_(
        "`backward` starts from one number: take the loss's mean or sum first."),
    r"shapes cannot be multiplied|must match the size of tensor|size mismatch": N_(
        "Print the `shape` of both tensors right before this line. Which of them is not what you expect?"),
    r"same dtype|expected .* to have the same dtype|expected scalar type": N_(
        "Print the `dtype` of both tensors right before this line: one of them has to be converted."),
    _NONE: N_(
        "Something is `None` here. Most often it is what a function of yours gave back: is a `return` "
        "missing? To print is not to return."),
    r"all tensors to be on the same device": N_(
        "Move the inputs to where the parameters are, or make them there: `device=weight.device`."),
}


def is_none(message: str) -> bool:
    """Is it an error on a None?"""
    return re.search(_NONE, message[:2000]) is not None


def advice_on(message: str) -> str:
    """What to try after an error with this text, to be translated; "" where it is not known."""
    return next((text for pattern, text in KNOWN.items() if re.search(pattern, message[:2000])), "")
