"""Experiments beside the student's functions: many matrices in one go, and parameters with given
gradients."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn


def regimes(namespace: Mapping[str, Any], weights: Sequence[Tensor]) -> dict[str, Any]:
    """What the student says of each matrix."""
    return {"labels": [namespace["regime"](weight) for weight in weights]}


def clipped(namespace: Mapping[str, Any], values: Sequence[Tensor], gradients: Sequence[Tensor],
            max_norm: float, *, without: Collection[int] = (), one_pass: bool = False,
            norm: float | None = None) -> dict[str, Any]:
    """What the student's clipping returns, and the parameters and their gradients afterwards.

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
    returned = namespace["clip_gradients_"](iter(parameters) if one_pass else parameters, max_norm)
    return {"returned": returned, "gradients": [p.grad for p in parameters],
            "parameters": [p.detach() for p in parameters]}
