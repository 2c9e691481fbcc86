"""Experiments beside the student's functions: many matrices in one go, and parameters with given
gradients."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn


def regimes(namespace: Mapping[str, Any], weights: Sequence[Tensor]) -> dict[str, Any]:
    """What the student says of each matrix."""
    return {"labels": [namespace["regime"](weight) for weight in weights]}


def clipped(namespace: Mapping[str, Any], values: Sequence[Tensor], gradients: Sequence[Tensor],
            max_norm: float, *, without: Collection[int] = (), one_pass: bool = False,
            norm: float | None = None) -> dict[str, Any]:
    """What the student's clipping returns, and the parameters and their gradients afterwards; and the
    gradient of another parameter, clipped in an earlier call, before and after this one.

    `norm` is what the gradients are scaled to beforehand, all of them by one factor.
    Parameters whose index is in `without` have no gradient. `one_pass` hands the parameters over as an
    iterator, as Module.parameters() does.
    """
    parameters = [nn.Parameter(value) for value in values]
    if norm is not None:
        whole = sum(float(gradient.square().sum()) for gradient in gradients) ** 0.5
        gradients = [gradient * norm / whole + 0.0 for gradient in gradients]
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        if index not in without:
            parameter.grad = gradient
    clip = namespace["clip_gradients_"]
    earlier = nn.Parameter(values[0].clone())
    earlier.grad = gradients[0] + 1.0
    with contextlib.suppress(Exception):   # what is left over from one call must not enter the next
        clip([earlier], max_norm)
    left = earlier.grad.clone() if earlier.grad is not None else None
    returned = clip(iter(parameters) if one_pass else parameters, max_norm)
    return {"returned": returned, "gradients": [p.grad for p in parameters],
            "parameters": [p.detach() for p in parameters],
            "earlier": [left, earlier.grad] if norm is None else []}
