"""Experiments beside the student's functions: nets with given weights and gradients, and one step of SGD."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def flat(namespace: Mapping[str, Any], weights: Sequence[Tensor], biases: Sequence[Tensor],
         weight_gradients: Sequence[Tensor], bias_gradients: Sequence[Tensor], lr: float,
         frozen: Sequence[int] = ()) -> dict[str, Any]:
    """A chain of linear layers and sigmoids; the layers in `frozen` take no part in training."""
    linear = linear_layers(weights, biases, weight_gradients, bias_gradients, frozen)
    layers = [module for layer in linear for module in (layer, nn.Sigmoid())][:-1]
    found = measured(namespace, nn.Sequential(*layers), lr)
    return found if frozen else {**found, "weights": [layer.weight.detach() for layer in linear]}


def nested(namespace: Mapping[str, Any], weights: Sequence[Tensor], biases: Sequence[Tensor],
           weight_gradients: Sequence[Tensor], bias_gradients: Sequence[Tensor], lr: float) -> dict[str, Any]:
    """Four linear layers, two of them within a block, beside an embedding and a normalisation."""
    linear = linear_layers(weights, biases, weight_gradients, bias_gradients)
    block = nn.Sequential(linear[1], nn.Sigmoid(), linear[2])
    words, norm = nn.Embedding(7, linear[0].in_features), nn.LayerNorm(linear[0].out_features)
    for parameter in (*words.parameters(), *norm.parameters()):
        parameter.grad = torch.ones_like(parameter)
    named: dict[str, nn.Module] = {"words": words, "first": linear[0], "norm": norm, "block": block,
                                   "head": linear[3]}
    return measured(namespace, nn.Sequential(OrderedDict(named)), lr)


def factor(namespace: Mapping[str, Any], about: Tensor, noise: Tensor) -> Any:
    """The student's factor for ratios with these logarithms; the layers are called "0", "2", "4", and so on.

    The ratios are floats; who works with tensors without dimensions throughout is given those.
    """
    ratios = {str(2 * i): value for i, value in enumerate((about + noise).exp())}
    try:
        return namespace["factor_per_layer"]({name: float(value) for name, value in ratios.items()})
    except (AttributeError, TypeError):
        return namespace["factor_per_layer"](ratios)


def linear_layers(weights: Sequence[Tensor], biases: Sequence[Tensor], weight_gradients: Sequence[Tensor],
                  bias_gradients: Sequence[Tensor], frozen: Sequence[int] = ()) -> list[nn.Linear]:
    """Linear layers with these weights and gradients; the frozen ones have no gradient."""
    layers = []
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        if index in frozen:
            layer.requires_grad_(False)
        else:
            layer.weight.grad, layer.bias.grad = weight_gradients[index], bias_gradients[index]
        layers.append(layer)
    return layers


def measured(namespace: Mapping[str, Any], model: nn.Module, lr: float) -> dict[str, Any]:
    """What the student measures over one step of SGD, and how often the step was made."""
    calls: list[None] = []

    def optimizer_step() -> None:
        """Written out: the first torch.optim.SGD of a process costs a second of imports."""
        calls.append(None)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.sub_(lr * parameter.grad)

    return {"ratios": namespace["update_ratios"](model, optimizer_step), "calls": len(calls)}
