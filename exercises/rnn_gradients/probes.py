"""Experiments beside the student's functions: many matrices in one go, and parameters with given
gradients."""

from torch import nn


def regimes(namespace, weights):
    """What the student says of each matrix."""
    return [namespace["regime"](weight) for weight in weights]


def clipped(namespace, values, gradients, max_norm, without=(), one_pass=False, norm=None):
    """What the student's clipping returns, and the parameters and their gradients afterwards.

    `norm` is what the gradients are scaled to beforehand, all of them by one factor.
    Parameters whose index is in `without` have no gradient. `one_pass` hands the parameters over as an
    iterator, as Module.parameters() does.
    """
    parameters = [nn.Parameter(value) for value in values]
    if norm is not None:
        whole = sum(gradient.square().sum() for gradient in gradients).sqrt()
        gradients = [gradient * norm / whole + 0.0 for gradient in gradients]
    for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        if index not in without:
            parameter.grad = gradient
    returned = namespace["clip_gradients_"](iter(parameters) if one_pass else parameters, max_norm)
    return {"returned": returned, "gradients": [p.grad for p in parameters],
            "parameters": [p.detach() for p in parameters]}
